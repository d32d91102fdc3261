/**
 * The API version asked for unless `connection.api_version` says otherwise: Summer '26, the release before the newest one
 * (Winter '27, 68.0). Salesforce upgrades its instances over weeks, so an org may not know the newest version yet; this one
 * every org knows, and Salesforce serves a version for at least three years.
 */
export const defaultApiVersion = "67.0";

/** The last version with SOAP `login()`, which Salesforce removed from 65.0 on. Signing in so, an org reads by any version. */
export const soapLoginVersion = "64.0";
