// Calls the service. What it refuses becomes a Refusal, whose message people can read.
import { language, t } from "./element.js";

export class Refusal extends Error {
  constructor(status, message, code = "") {
    super(message);
    this.status = status;
    /** The service's word for programs. */
    this.code = code;
  }
  /** Whether the same request may succeed a moment later. */
  get passing() {
    return this.status === 0 || this.status === 408 || this.status === 423 || this.status === 429 || (this.status >= 500 && this.status !== 507);
  }
}

const KEY = "xoay-token";

const headers = () => {
  const token = sessionStorage.getItem(KEY);
  return { "accept-language": language, ...(token ? { authorization: `Bearer ${token}` } : {}) };
};

function askForToken() {
  const token = prompt(t("Dịch vụ này cần mã truy cập:", "This service needs its token:"));
  if (!token) return false;
  sessionStorage.setItem(KEY, token.trim());
  return true;
}

/** Goes to the page that opens a session, and comes back afterwards. */
export function signIn() {
  const next = location.pathname + location.search + location.hash;
  location.assign(`/sign-in?lang=${language}&next=${encodeURIComponent(next)}`);
}

/** What a 401 asks for: the token of a service without accounts, or a session. True where the request may be sent again. */
function mayTryAgain(text) {
  let code = "";
  try {
    code = JSON.parse(text).code;
  } catch {
    // Another server stands in between: its refusal is shown as it is.
  }
  if (code === "token-needed" || (code === "key-refused" && sessionStorage.getItem(KEY))) return askForToken();
  if (code === "sign-in-needed") signIn();
  return false;
}

export const offline = () =>
  new Refusal(0, t("Mất kết nối với máy chủ; hãy kiểm tra mạng rồi thử lại.", "The server cannot be reached; check the network and try again."));

export function refusalOf(status, text) {
  try {
    const problem = JSON.parse(text);
    return new Refusal(status, problem.detail || problem.title, problem.code);
  } catch {
    return new Refusal(status, t(`Máy chủ trả lời ${status}.`, `The server answered ${status}.`));
  }
}

/** Calls and returns the JSON answer, or throws a Refusal. */
export async function call(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: { ...headers(), ...(body ? { "content-type": "application/json" } : {}) },
      body: body && JSON.stringify(body),
    });
  } catch {
    throw offline();
  }
  const text = await response.text();
  if (response.ok) return text ? JSON.parse(text) : null;
  if (response.status === 401 && mayTryAgain(text)) return call(method, path, body);
  throw refusalOf(response.status, text);
}

/** Calls with XMLHttpRequest, which tells how many bytes of the body went; fetch cannot. */
export function exchange(method, path, more, body, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, path);
    for (const [name, value] of Object.entries({ ...headers(), ...more })) request.setRequestHeader(name, value);
    if (onProgress) request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve((name) => request.getResponseHeader(name));
      else if (request.status === 401 && mayTryAgain(request.responseText)) exchange(method, path, more, body, onProgress).then(resolve, reject);
      else reject(refusalOf(request.status, request.responseText));
    };
    request.onerror = () => reject(offline());
    request.send(body);
  });
}
