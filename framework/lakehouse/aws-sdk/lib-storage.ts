// Names the parts that are used, so that a bundle leaves out the rest. A lazy import of the package itself would keep it all.
export { Upload } from "@aws-sdk/lib-storage";
