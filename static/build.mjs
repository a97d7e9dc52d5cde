// Bundles static/src/<name>/main.js and main.css into static/dist: minified, named by the hash of
// their content, with .br and .gz beside them, a manifest for the templates' asset() and the
// licences of everything that went in. Each bundle holds its own words in every language. The
// verifier is written once more as verify.html, a single file that works from a disk. A second run
// with nothing changed does nothing.
import { createHash } from "node:crypto";
import {
  existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { languagesFor, wordFiles } from "./words.mjs";

const NAMES = [
  "phone", "tablet", "entrance", "decoder", "receipt", "verifier", "reading", "why", "notice", "screen", "admin",
  "venue",
];
/** Pages that are read rather than worked with share one script. */
const STYLE_ONLY = ["why", "notice"];
/** `decoder` is fetched by another script, when it needs it. */
const SCRIPT_ONLY = ["reading", "decoder", "venue"];
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCE = join(ROOT, "static", "src");
const DIST = join(ROOT, "static", "dist");
const MANIFEST = join(DIST, "manifest.json");
const SAVED = join(DIST, "verify.html");
const STAMP = join(DIST, ".stamp.json");
const COMPRESSIBLE = /\.(js|css|svg|json|txt|ttf)$/;
// A server that is still running goes on serving the build that it started with.
const KEEP_OLD_MS = 24 * 3600 * 1000;

/** Paths of all files under a folder, sorted; none where the folder is missing. */
function filesUnder(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesUnder(path) : [path];
    })
    .sort();
}

/** SHA-256 over the names and bytes of everything that the build depends on. */
function sourceDigest() {
  const hash = createHash("sha256");
  const inputs = [
    fileURLToPath(import.meta.url), join(ROOT, "static", "words.mjs"),
    join(ROOT, "package-lock.json"), ...wordFiles(ROOT), ...filesUnder(SOURCE),
  ];
  for (const path of inputs) {
    hash.update(`${relative(ROOT, path)}\0`).update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}

/** Writes through a rename, so that a server which starts meanwhile never reads half a file. */
function writeWhole(path, content) {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

/** Entry points that exist; says which are not there (yet). */
function entryPoints() {
  const entries = [];
  for (const name of NAMES) {
    for (const kind of ["js", "css"]) {
      if ((kind === "js" ? STYLE_ONLY : SCRIPT_ONLY).includes(name)) continue;
      const path = join(SOURCE, name, `main.${kind}`);
      if (existsSync(path)) entries.push({ in: path, out: name });
      else console.log(`  ${relative(ROOT, path)} is missing: left out`);
    }
  }
  return entries;
}

/** Folder of the npm package that an input file of the bundle belongs to, or null. */
function packageFolder(input) {
  const match = input.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//);
  return match ? match[1] : null;
}

/** Text with the name, version and licence of every package of which something is in the bundles. */
function licences(inputs) {
  const folders = [...new Set(inputs.map(packageFolder).filter(Boolean))].sort();
  const parts = folders.map((folder) => {
    const { name, version, license } = JSON.parse(
      readFileSync(join(ROOT, folder, "package.json"), "utf8"),
    );
    const texts = readdirSync(join(ROOT, folder))
      .filter((file) => /^(licen[cs]e|notice)/i.test(file))
      .sort()
      .map((file) => readFileSync(join(ROOT, folder, file), "utf8").trim());
    return [`${name} ${version}: ${license ?? "licence not stated"}`, ...texts].join("\n\n");
  });
  return `Third-party code in these bundles\n\n${parts.join(`\n\n${"-".repeat(72)}\n\n`)}\n`;
}

/**
 * The verifier as one file with everything in it. Its own policy lets it run what stands in it and
 * reach nothing else: whoever opens it may feed it a receipt without fear.
 */
function savedVerifier(manifest, metafile) {
  const content = (kind) => readFileSync(join(DIST, manifest[`verifier.${kind}`]), "utf8").trim();
  // Within a script's text these would end or bend it.
  const script = content("js").replace(/<(?=\/script|script|!--)/gi, "\\x3c");
  const style = content("css");
  const source = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const inputs = Object.entries(metafile.outputs)
    .filter(([output]) => [manifest["verifier.js"], manifest["verifier.css"]].includes(basename(output)))
    .flatMap(([, output]) => Object.keys(output.inputs));
  const parts = {
    policy: [
      "default-src 'none'", `script-src ${source(script)}`, `style-src ${source(style)}`,
      "img-src data:", "base-uri 'none'", "form-action 'none'",
    ].join("; "),
    style,
    script,
    licences: licences(inputs).replace(/--+/g, "—").trim(),
  };
  return readFileSync(join(SOURCE, "verifier", "saved.html"), "utf8")
    .replace(/\{(policy|style|script|licences)\}/g, (_, name) => parts[name]);
}

/** Writes .br and .gz beside a file; a hashed name that has them already is left alone. */
function compress(path, always) {
  if (!COMPRESSIBLE.test(path)) return;
  if (!always && existsSync(`${path}.br`) && existsSync(`${path}.gz`)) return;
  const content = readFileSync(path);
  const parameters = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  writeWhole(`${path}.br`, brotliCompressSync(content, { params: parameters }));
  writeWhole(`${path}.gz`, gzipSync(content, { level: 9 }));
}

/** Removes what no manifest of the last day speaks of. */
function removeOld(current) {
  const wanted = new Set([basename(MANIFEST), basename(STAMP)]);
  for (const name of current) {
    for (const suffix of ["", ".br", ".gz"]) wanted.add(name + suffix);
  }
  for (const name of readdirSync(DIST)) {
    const path = join(DIST, name);
    if (!wanted.has(name) && Date.now() - statSync(path).mtimeMs > KEEP_OLD_MS) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}

function printSizes(names) {
  const size = (path) => (existsSync(path) ? String(statSync(path).size) : "-");
  const rows = names.map((name) => {
    const path = join(DIST, name);
    return [name, size(path), size(`${path}.br`), size(`${path}.gz`)];
  });
  const wide = Math.max(4, ...names.map((name) => name.length));
  for (const [name, ...sizes] of [["file", "bytes", "br", "gz"], ...rows]) {
    console.log(`  ${name.padEnd(wide)}${sizes.map((text) => text.padStart(10)).join("")}`);
  }
}

const OPTIONS = {
  absWorkingDir: ROOT,
  outdir: DIST,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  metafile: true,
  format: "iife",
  charset: "utf8",
  legalComments: "none",
  target: ["chrome67", "safari14.1"],
  define: { "process.env.NODE_ENV": '"production"' },
  loader: { ".svg": "file", ".woff2": "file", ".woff": "file", ".ttf": "file", ".png": "file" },
  logLevel: "warning",
};

/** Puts the bundle's words where languages.js stands; which they are, its own scripts tell. */
async function wordsPlugin(build, entry) {
  const { metafile } = await build({
    ...OPTIONS, entryPoints: [entry], write: false, logLevel: "silent",
  });
  const scripts = Object.keys(metafile.inputs)
    .filter((path) => path.startsWith("static/") && path.endsWith(".js"))
    .map((path) => join(ROOT, path));
  return {
    name: "words",
    setup(plugin) {
      plugin.onLoad({ filter: /words[\\/]languages\.js$/ }, () => ({
        contents: languagesFor(ROOT, entry.out, scripts),
      }));
    },
  };
}

async function bundle(digest) {
  const { build } = await import("esbuild");
  const results = await Promise.all(entryPoints().map(async (entry) => build({
    ...OPTIONS,
    entryPoints: [entry],
    minify: true,
    plugins: entry.in.endsWith(".js") ? [await wordsPlugin(build, entry)] : [],
  })));
  const result = { metafile: { inputs: {}, outputs: {} } };
  for (const { metafile } of results) {
    Object.assign(result.metafile.inputs, metafile.inputs);
    Object.assign(result.metafile.outputs, metafile.outputs);
  }

  const manifest = {};
  for (const [output, { entryPoint }] of Object.entries(result.metafile.outputs)) {
    if (!entryPoint) continue;
    const name = basename(dirname(entryPoint));
    manifest[`${name}.${output.split(".").pop()}`] = basename(output);
  }
  const files = Object.keys(result.metafile.outputs).map((output) => basename(output)).sort();

  writeWhole(SAVED, savedVerifier(manifest, result.metafile));
  files.push(basename(SAVED));
  writeWhole(join(DIST, "LICENSES.txt"), licences(Object.keys(result.metafile.inputs)));
  for (const name of files) compress(join(DIST, name), false);
  compress(join(DIST, "LICENSES.txt"), true);
  // The manifest comes last: whatever it names is there, compressed forms included.
  writeWhole(MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`);
  writeWhole(STAMP, JSON.stringify({ digest, files }));
  removeOld([...files, "LICENSES.txt"]);
  printSizes(files);
}

const started = Date.now();
const digest = sourceDigest();
const stamp = readJson(STAMP);
mkdirSync(DIST, { recursive: true });
if (
  stamp?.digest === digest && existsSync(MANIFEST) &&
  stamp.files.every((name) => existsSync(join(DIST, name)))
) {
  console.log("static/dist is up to date");
} else {
  await bundle(digest);
  console.log(`static/dist built in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
