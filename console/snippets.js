// A job as a program would ask for it. The key stays out: it is read from the environment.

export function requestOf(job) {
  const input = Object.fromEntries(Object.entries(job.input).filter(([name, value]) =>
    value !== null && !(name === "images" && !value.length)));
  const labels = {
    ...(job.tags.length ? { tags: job.tags } : {}),
    ...(Object.keys(job.metadata).length ? { metadata: job.metadata } : {}),
  };
  return { model: job.model, ...input, provider: job.provider, ...labels };
}

const base = () => new URL(".", document.baseURI).href.replace(/\/$/, "");

export function asCurl(request) {
  const body = JSON.stringify(request, null, 2).replaceAll("'", "'\\''");
  return [
    `curl -sS '${base()}/v1/jobs' \\`,
    '  -H "Authorization: Bearer $SEEDHOOK_API_KEY" \\',
    "  -H 'Content-Type: application/json' \\",
    `  -d '${body}'`,
  ].join("\n");
}

export function asPython(request) {
  // JSON in ASCII, written as a JSON string, is a Python string too, whatever the prompt holds.
  const ascii = JSON.stringify(request).replace(/[\u007f-\uffff]/g, (letter) =>
    `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return [
    "import json, os, urllib.request", "",
    `request = json.loads(${JSON.stringify(ascii)})`,
    "call = urllib.request.Request(",
    `    "${base()}/v1/jobs",`,
    "    data=json.dumps(request).encode(),",
    "    headers={",
    '        "Authorization": f"Bearer {os.environ[\'SEEDHOOK_API_KEY\']}",',
    '        "Content-Type": "application/json",',
    "    },",
    ")",
    "print(json.load(urllib.request.urlopen(call)))", "",
  ].join("\n");
}
