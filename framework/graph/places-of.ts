import type { Asset } from "../definition/asset.ts";
import type { DefinitionProblem } from "../definition/problem.ts";

/**
 * `where` of a problem that several assets make together, to be spread into it: a line for each place, with the asset's
 * key where the keys differ. Nothing when no place is known.
 */
export function placesOf(assets: readonly Asset[]): Pick<DefinitionProblem, "where"> {
  const areSeveral = new Set(assets.map((asset) => asset.key)).size > 1;
  const places = assets.flatMap((asset) => {
    const where = asset.where();
    if (where === undefined) return [];
    return [areSeveral ? `${where} (${asset.key})` : where];
  });
  return places.length === 0 ? {} : { where: [...new Set(places)].join("\n") };
}
