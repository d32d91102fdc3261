// The same graphs as in bench/peer/shapes.py: [name, names of upstreams], upstream first.

const named = (number) => `a${number}`;

/** Each reads the one before. */
function chain(count) {
  return Array.from({ length: count }, (_, number) => [
    named(number),
    number === 0 ? [] : [named(number - 1)],
  ]);
}

/** Nobody reads anybody. */
function wide(count) {
  return Array.from({ length: count }, (_, number) => [named(number), []]);
}

/** Rows of 50; each reads three of the row before. */
function layered(count, width = 50) {
  return Array.from({ length: count }, (_, number) => {
    const row = Math.floor(number / width);
    const upstreams = [0, 1, 2].map((step) => named((row - 1) * width + ((number + step) % width)));
    return [named(number), row === 0 ? [] : upstreams];
  });
}

/** Graphs by name. */
export const shapes = { chain, wide, layered };

/** Assets that do nothing. @param of `defineAsset` */
export function noOpAssets(defineAsset, spec) {
  const assets = new Map();
  for (const [name, upstreams] of spec) {
    const deps = Object.fromEntries(
      upstreams.map((upstream, index) => [`input${index}`, assets.get(upstream)]),
    );
    assets.set(name, defineAsset({ key: `bench/${name}`, deps, codeVersion: "1", materialize: () => {} }));
  }
  return [...assets.values()];
}

/** One asset with that many partitions. */
export function partitionedAsset({ defineAsset, staticPartitions }, count) {
  const partitions = staticPartitions(Array.from({ length: count }, (_, number) => named(number)));
  return defineAsset({ key: "bench/partitioned", partitions, codeVersion: "1", materialize: () => {} });
}
