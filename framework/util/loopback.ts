/** The address that only programs on this machine reach. */
export const loopback = "127.0.0.1";

/**
 * Whether a request's `Host` names loopback itself. A page in a browser can reach loopback under a name of its own, and says
 * that name here.
 */
export function isLoopbackHost(header: string | undefined): boolean {
  return /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/.test(header ?? "");
}
