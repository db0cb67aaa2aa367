// A page on its own origin: it does one request as it is told and says what it could read of the response.
"use strict";

addEventListener("message", async ({source, data}) => {
  if (source !== parent) return;
  const {url, ...options} = data;
  let seen;
  try {
    const response = await fetch(url, options);
    seen = {status: response.status, headers: [...response.headers], body: await response.text()};
  } catch (error) {
    seen = {error: `${error.name}: ${error.message}`};
  }
  parent.postMessage(seen, "*");
});

parent.postMessage("ready", "*");
