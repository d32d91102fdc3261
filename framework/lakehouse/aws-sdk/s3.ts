// Names the parts that are used, so that a bundle leaves out the rest. A lazy import of the package itself would keep it all.
export {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
