// Talking to the daemon: one function for requests, one for following a job. The cookie of the sign-in goes along by itself.

export class Failure extends Error {
  constructor({ code, message, hint = "", field = "" }) {
    super(message);
    Object.assign(this, { code, hint, field });
  }
}

const GONE = { code: "unreachable", message: "The daemon does not answer.", hint: "Start it with `impasto serve`, then load this page again." };

export async function request(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Failure(GONE);
  }
  if (answer.status === 401) location.replace("/");  // the daemon was started anew: sign in again
  if (!answer.ok) {
    const body = await answer.json().catch(() => ({}));
    throw new Failure(body.error ?? { code: "internal_error", message: `The daemon answered ${answer.status}.` });
  }
  return answer;
}

export async function json(path, options) {
  return (await request(path, options)).json();
}

export async function picture(path, accept = "image/png") {
  return (await request(path, { headers: { Accept: accept } })).blob();
}

const ENDED = ["done", "failed", "cancelled"];
export const ended = (job) => ENDED.includes(job.state);

// Calls `changed` with the job whenever it changes, until it has ended. Events where there is a place for one more, else polling.
// Returns a function that stops following.
export function follow(job, changed) {
  const events = new EventSource(job.links.events);
  let stopped = false;
  const hear = (event) => {
    const news = JSON.parse(event.data);
    if (ended(news)) stop();
    changed(news);
  };
  for (const name of ["progress", ...ENDED]) events.addEventListener(name, hear);
  events.addEventListener("error", () => {
    if (!stopped && events.readyState === EventSource.CLOSED) poll();
  });

  async function poll() {
    for (let news = job; !stopped && !ended(news); await new Promise((done) => setTimeout(done, 1000))) {
      try {
        news = await json(job.links.self);
      } catch (failure) {
        if (failure.code !== "unreachable") return;
        continue;
      }
      if (!stopped) changed(news);
    }
  }

  function stop() {
    stopped = true;
    events.close();
  }
  return stop;
}
