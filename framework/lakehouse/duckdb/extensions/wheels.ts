import { duckdbVersion, type ExtensionName } from "./extension-files.ts";

/** PyPI's words for the platforms that have wheels. */
const tags: Readonly<Record<string, string>> = {
  linux_amd64: "manylinux2014_x86_64",
  linux_arm64: "manylinux2014_aarch64",
  osx_amd64: "macosx_11_0_x86_64",
  osx_arm64: "macosx_11_0_arm64",
  windows_amd64: "win_amd64",
};

/** SHA-256 of the wheels of {@link duckdbVersion} by DuckDB's platform, as PyPI published them. A published file never changes. */
const digests: Readonly<Record<ExtensionName, Readonly<Record<string, string>>>> = {
  avro: {
    linux_amd64: "9b7b37455a8e9ae498b0fa97404831c15c412aa5fd2c969c032e1d8231a43049",
    linux_arm64: "a6419f1cd35f4758835e1837ff26afbb3ff4cc1b42c860713e5d3d83db3f00d2",
    osx_amd64: "e514845752cd645f7bdf16e52a3e4c5147c4ef421cc1f7907075c70646c3d520",
    osx_arm64: "78a1bfdae015b3561a9a00f2f8265bdf87602fae75058c6087b893c34fac4ac7",
    windows_amd64: "5154f5d77ba764cc2a407f82cbc31d22729668581b84da4b63fc0d5df1d8ebc9",
  },
  httpfs: {
    linux_amd64: "84913dbe172ccb54368de2c4a020c38ca8b0e76f99df548f7fac37934cc7826f",
    linux_arm64: "567d17e398fc29f7ea4bc42ea277ea19643bd1ad1815f676cb6dd994b50399bb",
    osx_amd64: "5dc6e48e7a6d4c775d88fcd9b6529b385559600c0cd17a2600addfdd34ae3060",
    osx_arm64: "a6d9b245ac83834543354e826020b35b8dba16291bb876b2b00bd49f2c6aeb9d",
    windows_amd64: "138fd4368906c04636642023c123bd564d1bd1b9b75cd762f9f9bfad6fccb1ba",
  },
  iceberg: {
    linux_amd64: "cb7d238d733dff8047771be11f75d21aa417152c992e26ed7688d0d334285bb4",
    linux_arm64: "55693f9cb69641b175d17b02f3c2825971754f9c256740526b3abc2a2d8c4dd3",
    osx_amd64: "053347720290e2641cdbec50487e97546a32afb57424a9f6402abd5ab561c612",
    osx_arm64: "8d8ef361dfe75d9d158ba2639373b833e8e13e62e7fcb76be813e560b2a89938",
    windows_amd64: "c3cbead9fe759b4a9180ea84460c4108026d570b67cb6f365ee1e5293801aba6",
  },
};

/** A wheel with an extension inside. */
export interface Wheel {
  /** Its project on a package index. */
  readonly project: string;
  readonly fileName: string;
  readonly sha256: string;
  /** The extension inside. */
  readonly entry: string;
}

/** The wheel of an extension; undefined when the platform has none. */
export function wheelOf(name: ExtensionName, platform: string): Wheel | undefined {
  const [tag, sha256] = [tags[platform], digests[name][platform]];
  if (tag === undefined || sha256 === undefined) return undefined;
  const distribution = `duckdb_extension_${name}`;
  return {
    project: `duckdb-extension-${name}`,
    fileName: `${distribution}-${duckdbVersion.slice(1)}-py3-none-${tag}.whl`,
    sha256,
    entry: `${distribution}/extensions/${duckdbVersion}/${name}.duckdb_extension`,
  };
}
