/**
 * Row types by asset key, of the assets that are declared outside TypeScript. Empty here: the file that `moraine types`
 * writes adds them (`declare module "moraine"`).
 */
export interface AssetRows {}
