// Runs .ci/pyodide_tests.py inside Pyodide: node .ci/pyodide.mjs DIRECTORY [OPTION OF PYTEST ...]
//
// The directory holds Pyodide, in node_modules, and what the tests import, in site.

import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [directory, ...options] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(directory, "node_modules/pyodide/pyodide.mjs")));
const pyodide = await loadPyodide({
  // Else hypothesis would write into the repository. Python itself writes no bytecode there, as Pyodide has it.
  env: { HOME: "/home/pyodide", HYPOTHESIS_STORAGE_DIRECTORY: "/tmp/hypothesis" },
});
pyodide.mountNodeFS("/repository", fileURLToPath(new URL("..", import.meta.url)));
pyodide.mountNodeFS("/site", join(directory, "site"));
try {
  pyodide.runPython('import os, sys; os.chdir("/repository"); sys.path[:0] = ["/site", "/repository/.ci"]');
  process.exitCode = pyodide.pyimport("pyodide_tests").run(options);
} catch (error) {
  console.error(error.message); // without it Node prints the line of Pyodide that throws, which is a megabyte
  process.exitCode = 1;
}
