/** Where credentials say the org is while nothing serves it: the port to name in `moraine sandbox serve --port`. */
export const defaultSandboxPort = 7440;
