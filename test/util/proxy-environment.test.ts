import { expect, it } from "vitest";
import { fitProxyEnvironment } from "../../framework/util/proxy-environment.ts";

const proxy = "http://me:word@proxy.example:3128";

function fitted(given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const environment = { ...given };
  fitProxyEnvironment(environment);
  return environment;
}

it("excepts this machine, in both cases, beside what is excepted already", () => {
  expect(fitted({ http_proxy: proxy, no_proxy: "a.example, b.example" })).toEqual({
    http_proxy: proxy,
    no_proxy: "a.example,b.example,127.0.0.1",
    NO_PROXY: "a.example,b.example,127.0.0.1",
  });
  expect(fitted({ all_proxy: proxy, NO_PROXY: "*" })).toMatchObject({ no_proxy: "*", NO_PROXY: "*" });
});

it.skipIf(process.platform === "win32")("leaves HTTP_PROXY to clients that keep it to HTTP", () => {
  expect(fitted({ HTTP_PROXY: proxy })).toMatchObject({ http_proxy: proxy, NO_PROXY: "127.0.0.1" });
  expect(fitted({ HTTP_PROXY: proxy })).not.toHaveProperty("HTTP_PROXY");
  expect(fitted({ HTTP_PROXY: proxy, http_proxy: "http://other" })).toMatchObject({
    http_proxy: "http://other",
  });
});

it("changes nothing without a proxy for HTTP", () => {
  expect(fitted({ HTTPS_PROXY: proxy, PATH: "/bin" })).toEqual({ HTTPS_PROXY: proxy, PATH: "/bin" });
});
