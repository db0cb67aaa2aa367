// The npm package `cors` in Express, for round_trips.py. Its protocol is that of round_trips_server.py:
//
//     node round_trips_server.js FOLDER-OF-NODE_MODULES CONFIGURATION ORIGIN [SECONDS]
"use strict";

const { createRequire } = require("node:module");
const [folder, configuration, origin, seconds] = process.argv.slice(2);
const load = createRequire(`${folder}/`);
const express = load("express");
const cors = load("cors");

const options = {
  defaults: {},
  lists: {
    origin: [origin],
    methods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
    allowedHeaders: ["Authorization", "Content-Type", "X-Own"],
  },
  anything: { origin: "*" },
  "anything, credentials": { origin: true, credentials: true },
}[configuration];
if (seconds !== undefined) options.maxAge = Number(seconds);

let preflights = {};
const app = express();
app.get("/counted", (request, response) => {
  response.json(preflights);
  preflights = {};
});
app.use((request, response, next) => {
  if ("access-control-request-method" in request.headers) {
    preflights[request.path] = (preflights[request.path] ?? 0) + 1;
  }
  next();
});
app.use(cors(options));
app.all("/:name", (request, response) => response.type("text/plain").send("ok"));

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.resume().on("end", () => process.exit());
