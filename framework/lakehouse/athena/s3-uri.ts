const pattern = /^s3[an]?:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/s;

/** A bucket and a key, or the beginning of keys, in it. */
export interface S3Location {
  readonly bucket: string;
  /** Without a slash before it; `""` for the whole bucket. */
  readonly key: string;
}

/** Whether a text has the form of `s3://bucket/prefix`. */
export function isS3Uri(text: string): boolean {
  return pattern.test(text);
}

/**
 * Reads `s3://bucket/key`; Hadoop's `s3a://` and `s3n://` mean the same.
 *
 * @throws Error when the text has another form
 */
export function parseS3Uri(uri: string): S3Location {
  const [, bucket, key] = pattern.exec(uri) ?? [];
  if (bucket === undefined) throw new Error(`expected s3://bucket/prefix, got ${JSON.stringify(uri)}`);
  return { bucket, key: key ?? "" };
}

/** `base` and the parts, joined by single slashes. */
export function joinS3(base: string, ...parts: readonly string[]): string {
  return [base.replace(/\/+$/, ""), ...parts].join("/");
}
