// The API as the console uses it: one key, problems as errors, nothing stored.

import { adminKey, apiKey } from "./session.js";

/** What went wrong: a problem document (RFC 9457), or no answer at all. */
export class Problem extends Error {
  constructor(document) {
    super(document.detail);
    Object.assign(this, { errors: [], ...document });
  }
}

export async function call(method, path, { body, key = apiKey(), headers = {}, signal } = {}) {
  const request = { method, signal, headers: { authorization: `Bearer ${key}`, ...headers } };
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers["content-type"] = "application/json";
  }
  const answer = await reached(`v1/${path}`, request);
  if (answer.status === 204) return null;
  const document = await answer.json().catch(() => null);
  if (answer.ok && document) return document;
  throw new Problem(document?.code ? withPatience(document, answer) : unreadable(answer));
}

export const get = (path, options) => call("GET", path, options);
export const post = (path, body, options) => call("POST", path, { ...options, body });
export const asAdmin = (method, path, body) => call(method, path, { body, key: adminKey() });

/** Return a query string without what is empty. */
export function query(parts) {
  const given = Object.entries(parts).filter(([, value]) => (value ?? "") !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

/** Bring a file into the uploads bucket; returns the name by which jobs know it. */
export async function upload(file, contentType = file.type) {
  const form = await post("uploads", { content_type: contentType, bytes: file.size });
  const fields = new FormData();
  for (const [name, value] of Object.entries(form.fields)) fields.append(name, value);
  fields.append("file", file);
  const answer = await reached(form.url, { method: "POST", body: fields });
  if (answer.ok) return form.id;
  throw new Problem({ ...unreadable(answer), detail: `the bucket did not take ${file.name}` });
}

let models = null;

/** The models change with a deployment, not while a page is open. */
export function listModels() {
  models ??= get("models").then((page) => page.data).catch((problem) => {
    models = null;
    throw problem;
  });
  return models;
}

/** Another key may see other things. */
export function forgetModels() {
  models = null;
}

async function reached(address, request) {
  try {
    return await fetch(address, { ...request, credentials: "omit", redirect: "error" });
  } catch (error) {
    if (request.signal?.aborted) throw error;
    const detail = "no answer came: the network, or the deployment, is away";
    throw new Problem({ status: 0, code: "offline", who: "network", detail, retryable: true });
  }
}

function withPatience(document, answer) {
  return { ...document, retryAfter: Number(answer.headers.get("retry-after")) || null };
}

function unreadable(answer) {
  const detail = `an answer with status ${answer.status} that is no problem document`;
  return { status: answer.status, code: "unreadable", who: "seedhook", detail, retryable: true };
}
