import { CreateTableCommand, GetTableCommand, GlueClient, type TableInput } from "@aws-sdk/client-glue";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { region } from "../environment.ts";

/** Bucket and key of an object. */
export interface ObjectLocation {
  readonly Bucket: string;
  readonly Key: string;
}

export function objectLocation(uri: string): ObjectLocation {
  const [, bucket = "", key = ""] = /^s3:\/\/([^/]+)\/(.*)$/.exec(uri) ?? [];
  return { Bucket: bucket, Key: key };
}

/** S3 and Glue as the gateway uses them. */
export class Storage {
  readonly #s3: S3Client;
  readonly #glue: GlueClient;

  constructor(endpoint: string) {
    const credentials = { accessKeyId: "testing", secretAccessKey: "testing" };
    this.#s3 = new S3Client({ endpoint, region, credentials });
    this.#glue = new GlueClient({ endpoint, region, credentials });
  }

  async createBucket(name: string): Promise<void> {
    const configuration = { LocationConstraint: region } as const;
    await this.#s3.send(new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration: configuration }));
  }

  async put(uri: string, text: string): Promise<void> {
    const ContentType = "application/octet-stream";
    await this.#s3.send(new PutObjectCommand({ ...objectLocation(uri), Body: text, ContentType }));
  }

  async remove(uri: string): Promise<void> {
    await this.#s3.send(new DeleteObjectCommand(objectLocation(uri)));
  }

  async has(uri: string): Promise<boolean> {
    try {
      await this.#s3.send(new HeadObjectCommand(objectLocation(uri)));
      return true;
    } catch (error) {
      if ((error as Error).name === "NotFound") return false;
      throw error;
    }
  }

  async createTable(DatabaseName: string, table: TableInput): Promise<void> {
    await this.#glue.send(new CreateTableCommand({ DatabaseName, TableInput: table }));
  }

  async hasTable(DatabaseName: string, Name: string): Promise<boolean> {
    try {
      await this.#glue.send(new GetTableCommand({ DatabaseName, Name }));
      return true;
    } catch (error) {
      if ((error as Error).name === "EntityNotFoundException") return false;
      throw error;
    }
  }
}
