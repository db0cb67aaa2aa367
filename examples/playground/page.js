// The playground's page. Requests are run by frames on the pages' own origins; this page tells them what to ask, and
// shows beside it what the server saw and what wsgicors_explain.Browser predicted.
"use strict";

const session = crypto.getRandomValues(new Uint32Array(2)).join("-");
const byId = (id) => document.getElementById(id);

/** Ask our own server. */
async function command(path, body = {}) {
  const headers = {"Content-Type": "application/json"};
  const response = await fetch(path, {method: "POST", headers, body: JSON.stringify({session, ...body})});
  if (!response.ok) throw new Error((await response.text()).trim());
  return response.json();
}

/** An element with a class, text and children. Text is never taken for HTML. */
function element(name, className = "", ...children) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children);
  return made;
}

/** Let a page on `origin` do a request: {status, headers, body} or {error}. */
function runOn(origin, request) {
  const frame = element("iframe", "frame");
  frame.title = `A page on ${origin}`;
  if (origin === "null") frame.setAttribute("sandbox", "allow-scripts");
  frame.src = `${origin === "null" ? location.origin : origin}/frame.html`;
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => end(reject, new Error(
      `There was no answer from a page on ${origin}. Does your browser find that host? The playground works on plain ` +
      `names as well: open http://localhost:${location.port}/`)), 10000);
    function end(settle, value) {
      clearTimeout(late);
      removeEventListener("message", listen);
      frame.remove();
      settle(value);
    }
    function listen({source, data}) {
      if (source !== frame.contentWindow) return;
      if (data === "ready") source.postMessage(request, "*");
      else end(resolve, data);
    }
    addEventListener("message", listen);
    document.body.append(frame);
  });
}

/** One try: the prediction, what this browser did, and what went over the wire. */
async function attempt({ini, origin, path, method, headers, credentials}) {
  const prepared = await command("/prepare", {ini, origin, path, method, headers, credentials});
  if (prepared.problems) return prepared;
  const seen = await runOn(origin, {url: prepared.url, method, headers, credentials});
  return {prediction: prepared.prediction, seen, wire: await command("/wire", {try: prepared.try})};
}

// What is shown

const words = {true: "✓ Allowed", false: "✗ Blocked"};

function banner(good, title, ...lines) {
  const shown = element("div", `banner ${good ? "good" : "bad"}`, element("h3", "", title));
  shown.append(...lines.filter(Boolean).map((line) => element("p", "", line)));
  return shown;
}

function outcome({seen, prediction}) {
  const allowed = seen.error === undefined;
  const why = allowed ? "" : `Why, says Browser: ${prediction.reason}.`;
  return banner(allowed, words[allowed], allowed ? `${seen.status}  ${seen.body}` : seen.error, why);
}

function steps(rows) {
  const list = element("ol", "steps");
  list.append(...rows.map(([kind, text]) => element("li", kind, text)));
  return list;
}

/** What this browser did, in the order in which it did it. */
function deeds({seen, wire, prediction}, {credentials}) {
  const rows = [];
  for (const {preflight, line, status, sent} of wire) {
    const what = preflight ? "asked with a preflight" : `sent ${line.replace(/\?.*/, "")}`;
    const cookie = sent.some(([name]) => name === "Cookie") ? " with a cookie" : "";
    rows.push(["ok", `It ${what}${cookie}, and the response is ${status}.`]);
  }
  const actual = wire.filter(({preflight}) => !preflight);
  if (!wire.length) rows.push(["note", "It sent nothing."]);
  else if (actual.length && wire.length === actual.length && prediction.steps.some(({text}) => /in the cache/.test(text))) {
    rows.push(["note", "It sent no preflight: an earlier answer is in its cache."]);
  }
  if (seen.error === undefined) {
    const names = seen.headers.map(([name]) => name).join(", ");
    rows.push(["ok", `It gave the page the response: ${seen.status}, and the headers ${names || "(none)"}.`]);
    if (seen.body) rows.push(["note", `The body: ${seen.body.trim()}`]);
  } else {
    if (actual.length) rows.push(["note", "The API has done its work; this browser withheld the answer from the page."]);
    rows.push(["no", `It told the page no more than: ${seen.error}`]);
  }
  if (credentials === "include" && actual.length && !actual.some(({sent}) => sent.some(([name]) => name === "Cookie"))) {
    rows.push(["note", "It sent no cookie: the API’s is SameSite=Lax, so it goes only with requests that this browser takes to be of the same site."]);
  }
  return steps(rows);
}

const ofCors = /^(origin|access-control-.*|vary|timing-allow-origin|cookie|set-cookie|authorization|location|x-.*|content-type)$/i;

function message(first, headers) {
  const shown = element("div", "message", element("div", "first", first)), other = element("details");
  for (const [name, value] of headers) {
    const line = element("div", "header", `${name}: ${value}`);
    if (ofCors.test(name)) line.classList.add("cors");
    (ofCors.test(name) ? shown : other).append(line);
  }
  const count = other.childElementCount;
  if (count) {
    other.prepend(element("summary", "", count === 1 ? "1 more header" : `${count} more headers`));
    shown.append(other);
  }
  return shown;
}

function onTheWire(wire) {
  const shown = element("article", "card", element("h3", "", "On the wire"));
  for (const {preflight, line, sent, status, received} of wire) {
    const exchange = element("div", "exchange pair", message(`→ ${line}`, sent), message(`← ${status}`, received));
    if (preflight) exchange.querySelector(".first").append(" ", element("span", "tag", "preflight"));
    shown.append(exchange);
  }
  if (!wire.length) shown.append(element("p", "hint", "Nothing."));
  return shown;
}

function problemsOf(problems) {
  const shown = banner(false, problems.length === 1 ? "1 problem in the configuration" : `${problems.length} problems in the configuration`);
  shown.append(element("p", "", "The server would not start. Its developer reads:"));
  for (const {line, key, message} of problems) {
    const place = [line ? `line ${line}` : "", key].filter(Boolean).join(": ");
    shown.append(element("p", "mono", `${place}${place ? ": " : ""}${message}`));
  }
  return shown;
}

function show(done, request) {
  if (done.problems) return [problemsOf(done.problems)];
  const {seen, prediction, wire} = done;
  const allowed = seen.error === undefined;
  const same = allowed === prediction.allowed && wire.filter(({preflight}) => preflight).length === prediction.preflights;
  const did = element("article", "card", element("h3", "", "What this browser did"), deeds(done, request));
  const predicted = element("article", "card", element("h3", "", "What Browser predicted"));
  predicted.append(steps([
    ...prediction.steps.map(({ok, text}) => [ok ? "ok" : "no", text]),
    ...prediction.notes.map((text) => ["note", text]),
  ]));
  if (!same) {
    predicted.append(element("p", "hint", "This browser did otherwise. Engines differ from the standard here and there: see tests/ENGINES.rst."));
  }
  return [
    banner(allowed, words[allowed], allowed ? "" : prediction.advice),
    element("div", "pair", did, predicted),
    onTheWire(wire),
  ];
}

// A paste

const MAX_PASTE = 4_000_000; // bytes, as in playground.py

const verdicts = {ALLOWED: ["good", "✓ Allowed"], BLOCKED: ["bad", "✗ Blocked"], UNKNOWN: ["unsure", "? Unknown"]};

/** What `explain --offline` said: its last line is the answer, those before it are notes and lines of headers. */
function answerOf(lines) {
  const [, word, text] = /^([A-Z]+): (.*)$/.exec(lines[lines.length - 1]);
  const [kind, title] = verdicts[word];
  const shown = element("div", `banner ${kind}`, element("h3", "", title), element("p", "", text));
  const how = element("article", "card", element("h3", "", "Details"));
  how.append(steps(lines.slice(0, -1).map((line) => {
    const [, space, note] = /^--( +)(.*)$/.exec(line);
    return [space.length > 2 ? "note header" : "note", note];
  })));
  return [shown, how];
}

async function explain() {
  const asked = {text: byId("paste").value, origin: byId("paste-origin").value};
  if (byId("explain").hasAttribute("aria-disabled")) return;
  byId("explain").setAttribute("aria-disabled", "true");
  byId("paste").removeAttribute("aria-invalid");
  try {
    const size = new Blob([JSON.stringify(asked)]).size;
    if (size > MAX_PASTE - 1000) throw new Error(`It has ${size} bytes, and at most ${MAX_PASTE - 1000} are read: paste one request.`);
    const {lines, error} = await command("/explain", asked);
    if (error) throw new Error(error);
    byId("answer").replaceChildren(...answerOf(lines));
  } catch (error) {
    byId("paste").setAttribute("aria-invalid", "true");
    byId("answer").replaceChildren(banner(false, "This paste could not be explained", error.message));
  } finally {
    byId("explain").removeAttribute("aria-disabled");
  }
  byId("answer").firstChild.scrollIntoView({block: "nearest"});
}

// What the page does

const form = () => ({
  ini: byId("ini").value,
  origin: byId("page").value,
  path: byId("path").value,
  method: byId("method").value,
  headers: byId("headers").value.split("\n").filter((line) => line.trim()).map((line) => {
    const colon = line.indexOf(":");
    return colon < 0 ? [line.trim(), ""] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  }),
  credentials: byId("credentials").checked ? "include" : "omit",
});

let last = Promise.resolve();

/** One run after the other, each with the form as it is when its turn comes. */
function run() {
  last = last.then(runNow);
  return last;
}

/** The button stays enabled: one that is disabled loses the keyboard's focus. */
async function runNow() {
  const request = form();
  byId("run").setAttribute("aria-disabled", "true");
  try {
    byId("result").replaceChildren(...show(await attempt(request), request));
  } catch (error) {
    byId("result").replaceChildren(banner(false, "This could not be run", error.message));
  } finally {
    byId("run").removeAttribute("aria-disabled");
  }
  byId("result").firstChild.scrollIntoView({block: "nearest"});
}

async function runTutorial(shop) {
  const request = {origin: shop, path: "/products", method: "GET", headers: [], credentials: "omit"};
  if (byId("again").hasAttribute("aria-disabled")) return;
  byId("again").setAttribute("aria-disabled", "true");
  for (const [id, ini] of [["without", null], ["with", `origin = ${shop}`]]) {
    try {
      byId(id).replaceChildren(outcome(await attempt({...request, ini})));
    } catch (error) {
      byId(id).replaceChildren(banner(false, "This could not be run", error.message));
    }
  }
  byId("again").removeAttribute("aria-disabled");
}

/** The lessons of the usual tutorials, and those that people learn the hard way. */
function lessons(pages) {
  const origins = pages.map(({origin}) => origin), shop = origins[0], other = origins[origins.length - 2];
  const one = `origin = ${shop}`;
  const put = {method: "PUT", path: "/basket", headers: "X-Token: 1"};
  const subdomain = origins.length > 3 && {
    name: "Subdomains",
    text: "The star stands for one or more subdomains. The bare domain is another origin, so it is listed as well.",
    ini: `origin = ${shop}, ${shop.replace("//", "//*.")}`,
    page: origins[1],
  };
  return [
    {name: "Everyone", text: "Any page may read this API: right for public data without logins.", ini: "origin = *"},
    {name: "One origin", text: "Scheme, host and port, as the browser sends them.", ini: one},
    {name: "Another page", text: "The same configuration, asked from elsewhere. The request arrives all the same.", ini: one, page: other},
    subdomain,
    {name: "One path", text: "Other paths are left alone: no policy, no headers.", ini: `path = /products\n${one}`, path: "/basket"},
    {name: "Preflight refused", text: "PUT, or a custom header, makes the browser ask first. If the answer does not list them, the request is not sent.", ini: one, ...put},
    {name: "Preflight allowed", text: "Now it does. Press Run again within 10 minutes: the answer is in the browser’s cache.", ini: `${one}\nmethods = GET, PUT\nheaders = X-Token\nmaxage = 600`, ...put},
    {name: "Cookies", text: "The page sends cookies, but the policy does not allow credentials. Add the line credentials = true, and run it again.", ini: one, credentials: true},
    {name: "Read a header", text: "Most response headers are hidden from pages unless exposed. Remove the last line, and run it again.", ini: `${one}\nexpose_headers = X-Total-Count`},
    {name: "Sandboxed frame", text: "Its origin is null, and any page can create one, so do not allow null.", ini: one, page: "null"},
    {name: "A defect", text: "The API fails. Its 500 has no CORS headers, so it looks like a CORS error. Add the line catch_errors = true, and run it again.", ini: one, path: "/crash"},
    {name: "Typing errors", text: "Every problem is listed at start-up, with what to write instead.", ini: `orgin = ${shop}\nmethods = GET, patch\ncredentials = ture`},
    {name: "A risk", text: "A configuration that would let every web site act as the logged-in user is refused.", ini: "origin = copy\ncredentials = true"},
  ].filter(Boolean);
}

function take(lesson, pressed) {
  byId("ini").value = lesson.ini;
  byId("page").value = lesson.page || byId("page").options[0].value;
  byId("method").value = lesson.method || "GET";
  byId("path").value = lesson.path || "/products";
  byId("headers").value = lesson.headers || "";
  byId("credentials").checked = Boolean(lesson.credentials);
  byId("lesson").textContent = lesson.text;
  for (const button of byId("lessons").children) button.setAttribute("aria-pressed", String(button === pressed));
  return run();
}

/** What a form does, by its button or with Ctrl Enter. */
function onSubmit(form, act) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}

onSubmit(byId("paste-form"), explain);

async function start() {
  const {api, pages} = await command("/site");
  const shop = pages[0].origin;
  for (const shown of document.querySelectorAll("[data-name]")) shown.textContent = {api, shop}[shown.dataset.name];
  for (const {origin, what} of pages) {
    byId("page").add(new Option(origin === "null" ? `${what} (origin null)` : `${origin} (${what})`, origin));
  }
  byId("ini").value = `origin = ${shop}`;
  for (const lesson of lessons(pages)) {
    const button = element("button", "", lesson.name);
    button.type = "button";
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => take(lesson, button));
    byId("lessons").append(button);
  }
  onSubmit(byId("form"), () => byId("run").hasAttribute("aria-disabled") || run());
  byId("again").addEventListener("click", () => runTutorial(shop));
  // The visitor logs in: the API sets its cookie, so that requests with credentials have one to carry.
  const {url} = await command("/prepare", {ini: null, origin: shop, path: "/login", method: "GET", headers: [], credentials: "omit"});
  await fetch(url, {mode: "no-cors", credentials: "include"});
  await runTutorial(shop);
}

start();
