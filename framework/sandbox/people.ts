import { recordId } from "./record-id.ts";
import { instance } from "./database.ts";
import type { Random } from "./random.ts";
import { auditPhases, divisions } from "./user-fields.ts";

const day = 86_400;

// Native spelling, and the Latin one for addresses where folding the accents away does not give it.
const firstNames =
  "Anna, Søren, Maja, Frederik, Åse, Jürgen, Zoë, Chloé, José, María, Łukasz, Małgorzata, Björn, " +
  "Sigríður, Aïcha, Mohammed, Fatima, Yusuf, Priya, Arjun, Lakshmi, Wei, Mei, Hiroshi, Yuki, " +
  "Ольга=Olga, Дмитрий=Dmitri, Ελένη=Eleni, Γιώργος=Giorgos, 花子=Hanako, 伟=Wei, Noah, Emma, Oliver, " +
  "Freja, Mikkel, Ida, Lars, Karen, Peter, Birgit, Thomas, Eva, Siobhán, Seán, Niamh, Çağla, Emre, " +
  "Ngọc, Minh, Renée, François, Inês, João, Nuria, Andrés, Katarína, Tomáš, Ștefan, Ioana, Ana, Marko, " +
  "Željka, Kofi, Amara, Chidi, Thandi, Sipho, Leila, Omar";
const lastNames =
  "Larsen, Sørensen, Kjær, Ågård, Müller, Schröder, García, Núñez, O'Brien, Ó'Súilleabháin, Nowak, " +
  "Wójcik, Þórsdóttir, Lindström, Öberg, Haddad, Al-Rashid, Yılmaz, Şahin, Sharma, Patel, Iyer, Chen, " +
  "Zhang, Tanaka, 山田=Yamada, 王=Wang, Иванова=Ivanova, Соколов=Sokolov, Παπαδοπούλου=Papadopoulou, " +
  "Nguyễn, Trần, Lefèvre, Dubois, Gonçalves, Araújo, Novák, Dvořáková, Popescu, Ionescu, Horvat, " +
  "Kovačević, Mensah, Okafor, Dlamini, Nkosi, Hansen, Jensen, Nielsen, Pedersen, Andersen, " +
  "Christensen, Rasmussen, Jørgensen, Møller, Thomsen, Smith, Brown, Wilson, van den Berg, de Vries, " +
  "Rossi, Bianchi, Ferrari, Johansson, Virtanen, Korhonen, Kask, Bērziņš, Kazlauskas";

interface Spelling {
  readonly native: string;
  readonly latin: string;
}

const letters: Readonly<Record<string, string>> = {
  ø: "o",
  æ: "ae",
  ß: "ss",
  ł: "l",
  þ: "th",
  ð: "d",
  ı: "i",
  đ: "d",
};

function spell(entry: string): Spelling {
  const [native = "", latin = native] = entry.split("=");
  const folded = latin
    .toLowerCase()
    .normalize("NFD")
    .replaceAll(/[øæßłþðıđ]/g, (letter) => letters[letter] ?? letter)
    .replaceAll(/[^a-z]/g, "");
  return { native, latin: folded };
}

const firstSpellings = firstNames.split(", ").map(spell);
const lastSpellings = lastNames.split(", ").map(spell);

const titles = [
  "Analyst",
  "Senior Analyst",
  "Associate",
  "Manager",
  "Senior Manager",
  "Specialist",
  "Consultant",
  "Team Lead",
  "Head of Section",
  "Assistant",
] as const;

const departments: Readonly<Record<string, readonly string[]>> = {
  Finance: ["Treasury", "Accounting", "Controlling"],
  Operations: ["Logistics", "Procurement", "Facilities"],
  Sales: ["Key Accounts", "Inside Sales"],
  Marketing: ["Brand", "Digital, Web & Events"],
  "Human Resources": ["Payroll", "Recruiting"],
  IT: ["Platform", "Service Desk", "Security"],
  Legal: ["Contracts", "Compliance"],
  Økonomi: ["Løn", "Regnskab"],
};

const cities = [
  ["København", "1050", "Denmark", "Kongens Nytorv"],
  ["Aarhus", "8000", "Denmark", "Åboulevarden"],
  ["München", "80331", "Germany", "Marienplatz"],
  ["Kraków", "31-042", "Poland", "Rynek Główny"],
  ["Reykjavík", "101", "Iceland", "Laugavegur"],
  ["São Paulo", "01310-100", "Brazil", "Avenida Paulista"],
  ["Dublin", "D02 X285", "Ireland", "St Stephen's Green"],
] as const;

/** A person as the seed and the daily hires make them: the columns that differ from user to user. */
export interface Person {
  Id: string;
  Username: string;
  LastName: string;
  FirstName: string;
  Name: string;
  Division: string | null;
  Department: string | null;
  Title: string;
  Street: string | null;
  City: string | null;
  PostalCode: string | null;
  Country: string | null;
  Email: string;
  Phone: string | null;
  Alias: string;
  CommunityNickname: string;
  IsActive: number;
  EmployeeNumber: string;
  ManagerId: string | null;
  LastLoginDate: number | null;
  CreatedDate: number;
  LastModifiedDate: number;
  SystemModstamp: number;
  Audit_Phase__c: string | null;
}

/** Any last name of the list: what somebody is called after a wedding. */
export function pickLastName(random: Random): string {
  return random.pick(lastSpellings).native;
}

/** Any job title of the list. */
export function pickTitle(random: Random): string {
  return random.pick(titles);
}

/** A department that belongs to the division; null for divisions without any. */
export function pickDepartment(random: Random, division: string | null): string | null {
  const choices = departments[division ?? ""];
  return choices === undefined ? null : random.pick(choices);
}

/** A division: of the accepted list nearly always, else one of the awkward three. */
export function pickDivision(random: Random): string | null {
  return random.chance(0.01) ? random.pick(["N/A", null, ""]) : random.pick(divisions);
}

function pickPhase(random: Random): string | null {
  return random.chance(0.15) ? null : random.pick(auditPhases);
}

/** The running number of an employee, also the record's own: id, employee number and address come from it. */
export function userIdOf(number: number): string {
  return recordId("005", instance, number);
}

/** A new colleague, hired and last changed at `at` (seconds). The address is unique because `number` is in it. */
export function makePerson(
  random: Random,
  options: { readonly number: number; readonly at: number; readonly managerId: string | null },
): Person {
  const { number, at, managerId } = options;
  const first = random.pick(firstSpellings);
  const last = random.pick(lastSpellings);
  const division = pickDivision(random);
  const address = `${first.latin}.${last.latin}.${number.toString(36)}`;
  const [city, postalCode, country, street] = random.chance(0.7)
    ? random.pick(cities)
    : [null, null, null, null];
  return {
    Id: userIdOf(number),
    Username: `${address}@moraine.example`,
    LastName: last.native,
    FirstName: first.native,
    Name: `${first.native} ${last.native}`,
    Division: division,
    Department: pickDepartment(random, division),
    Title: pickTitle(random),
    Street: street === null ? null : `${street} ${1 + random.below(120)}`,
    City: city,
    PostalCode: postalCode,
    Country: country,
    Email: `${address}@moraine.example`,
    Phone: random.chance(0.6) ? `+45 ${20_000_000 + random.below(79_999_999)}` : null,
    Alias: `${first.latin.slice(0, 1)}${last.latin.slice(0, 7)}`.slice(0, 8),
    CommunityNickname: address.slice(0, 40),
    IsActive: 1,
    EmployeeNumber: `E${String(number).padStart(8, "0")}`,
    ManagerId: managerId,
    LastLoginDate: null,
    CreatedDate: at,
    LastModifiedDate: at,
    SystemModstamp: at,
    Audit_Phase__c: pickPhase(random),
  };
}

/** Somebody who has been here for a while when the clock shows `now`: changed since, perhaps gone. */
export function makeColleague(
  random: Random,
  options: { readonly number: number; readonly now: number; readonly managerId: string | null },
): Person {
  const { number, now, managerId } = options;
  const created = now - day * (30 + random.below(5 * 365)) - random.below(day);
  const modified = created + Math.floor(random.next() * (now - day - created));
  const person = makePerson(random, { number, at: created, managerId });
  person.LastModifiedDate = modified;
  // Now and then a job of the system touches a record after its last editor did.
  person.SystemModstamp = modified + (random.chance(0.04) ? 1 + random.below(3600) : 0);
  person.IsActive = random.chance(0.04) ? 0 : 1;
  person.LastLoginDate = random.chance(0.9) ? now - random.below(30 * day) - 600 : null;
  return person;
}
