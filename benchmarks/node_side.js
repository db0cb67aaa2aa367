// The Node.js side: measures the npm package `cors`, one batch each time that run.py asks for one.
//
// Reads lines `case number` from standard input, calls the case so often, and answers with nanoseconds per call.
//
// What is measured is chosen to be what the Python side measures, and where that is impossible, in favour of Node.js:
// - real http.IncomingMessage and http.ServerResponse objects. The request is made once, its headers parsed before,
//   as a WSGI server makes environ before it calls; a ServerResponse is used once only, so it is made in the timed
//   loop of every case, also of `bare` and `blank`, and subtracted with them.
// - end() does nothing, as the start_response of the Python side does nothing: writing the header block is the server's
//   work in both worlds. (Left in place, it would make the preflight of `cors` dearer, and nothing else.)
// - a batch is so short that many run undisturbed, on a busy machine too; so the least one holds no garbage collection,
//   which Python's reference counting pays at once.
"use strict";

const assert = require("node:assert");
const http = require("node:http");
const { createRequire } = require("node:module");
const readline = require("node:readline");
const cors = createRequire(`${process.argv[2]}/`)("cors");

const ORIGIN = "https://app.example.com";
const CONFIGURATION = {
  origin: [ORIGIN],
  methods: ["GET", "PUT"],
  allowedHeaders: ["X-Token"],
  credentials: true,
  maxAge: 600,
};
const HEADERS = [
  ["Content-Type", "text/plain"],
  ["Content-Length", "2"],
  ["Cache-Control", "no-cache"],
  ["ETag", '"1"'],
  ["Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT"],
  ["Content-Language", "en"],
  ["X-Frame-Options", "DENY"],
  ["X-Content-Type-Options", "nosniff"],
];

class Response extends http.ServerResponse {
  end() {
    return this;
  }
}

function request(method, headers) {
  const made = new http.IncomingMessage(null);
  made.method = method;
  made.url = "/";
  made.httpVersionMajor = 1;
  made.httpVersionMinor = 1;
  for (const [name, value] of Object.entries(headers)) made.headers[name] = value;
  return made;
}

const REQUESTS = {
  none: request("GET", { host: "api.example.com" }),
  allowed: request("GET", { host: "api.example.com", origin: ORIGIN }),
  preflight: request("OPTIONS", {
    host: "api.example.com",
    origin: ORIGIN,
    "access-control-request-method": "PUT",
    "access-control-request-headers": "x-token",
  }),
};

// Each case gets loop, app and middleware of its own, as V8 tunes a function for the callees that it has seen.
function makeCase(kind, sent, count) {
  const make = new Function(
    "Response", "sent", "headers", "middleware",
    `
    function app(request, response) {
      for (let index = 0; index < headers.length; index++) response.setHeader(headers[index][0], headers[index][1]);
      response.end("ok");
    }
    function call() {
      const response = new Response(sent);
      ${{
        blank: "",
        bare: "app(sent, response);",
        cors: "middleware(sent, response, () => app(sent, response));",
      }[kind]}
      return response;
    }
    return function loop(number) {
      let response;
      for (let done = 0; done < number; done++) response = call();
      return response;
    };`,
  );
  return make(Response, sent, HEADERS.slice(0, count), cors(CONFIGURATION));
}

const CASES = { blank: makeCase("blank", REQUESTS.none, 0), preflight: makeCase("cors", REQUESTS.preflight, 2) };
for (const count of [2, 8]) {
  CASES[`bare/${count}`] = makeCase("bare", REQUESTS.none, count);
  CASES[`none/${count}`] = makeCase("cors", REQUESTS.none, count);
  CASES[`allowed/${count}`] = makeCase("cors", REQUESTS.allowed, count);
}

for (const [name, loop] of Object.entries(CASES)) {
  const headers = loop(1).getHeaders();
  const allowed = name === "preflight" || name.startsWith("allowed") ? ORIGIN : undefined;
  assert.strictEqual(headers["access-control-allow-origin"], allowed, name);
  assert.strictEqual(headers["access-control-allow-methods"], name === "preflight" ? "GET,PUT" : undefined, name);
  loop(30000); // V8 has compiled it by then
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const [name, number] = line.split(" ");
  const start = process.hrtime.bigint();
  CASES[name](Number(number));
  console.log(Number(process.hrtime.bigint() - start) / Number(number));
});
