import type { Asset } from "../definition/asset.ts";
import type { DefinitionProblem } from "../definition/problem.ts";

/** A circle through thousands of assets is found by the first few, and every place costs a look into a source map. */
const maxPlaces = 20;

/**
 * `where` of a problem that several assets make together, to be spread into it: a line for each place, with the asset's
 * key where the keys differ. Nothing when no place is known.
 */
export function placesOf(assets: readonly Asset[]): Pick<DefinitionProblem, "where"> {
  const areSeveral = new Set(assets.map((asset) => asset.key)).size > 1;
  const places = assets.slice(0, maxPlaces).flatMap((asset) => {
    const where = asset.where();
    if (where === undefined) return [];
    return [areSeveral ? `${where} (${asset.key})` : where];
  });
  if (places.length === 0) return {};
  const more = assets.length > maxPlaces ? [`and ${assets.length - maxPlaces} more`] : [];
  return { where: [...new Set([...places, ...more])].join("\n") };
}
