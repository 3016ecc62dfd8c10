// The pixel: tells the collector what happens on a page, and stays out of the page's way.
//
// An event is built (`track`), put in the queue (`add`), claimed and sent (`send`), and forgotten once it is
// answered. The queue lives in localStorage where that is allowed, so that it outlives the page and is shared by
// the tabs; else in memory. Nothing is thrown into the page: what it or the browser calls goes through `safely`.
//
// The package's docstring says how this file becomes what is served, and what that asks of it.
(() => {
  "use strict";
  const script = [document.currentScript, ...document.scripts].find(
    (it) => it?.src && (it.dataset.key || /\/t(\.\w+)?\.js/.test(it.src)),
  );
  if (!script || window.mp?.track) return;

  const options = { ...script.dataset };
  const collect = new URL("collect", script.src).href;
  const minute = 60000;
  const now = Date.now;

  const safely = (work) => (...given) => {
    try {
      return work(...given);
    } catch {}
  };
  const listen = (name, work) => addEventListener(name, safely(work), true);
  const random = () => crypto.randomUUID?.() || crypto.getRandomValues(new Uint32Array(4)).join("-");

  // Consent: the browser's objection outweighs the page's word, which outweighs what the snippet says.
  let word = options.consent;
  const objects = () => navigator.globalPrivacyControl || navigator.doNotTrack === "1";
  const decision = () => (objects() ? "denied" : read("am_consent") || word || "unknown");
  const denied = () => decision() === "denied";

  // Storage may be forbidden, full or emptied; then `read` finds nothing and `keep` does not say true.
  const cookieless = options.storage === "none";
  const remembers = () => !cookieless && !denied();
  const read = safely((name) => (cookieless ? null : localStorage.getItem(name)));
  const drop = safely((name) => localStorage.removeItem(name));
  const ours = () => safely(() => Object.keys(localStorage).filter((it) => /^am_(sid|qu)/.test(it)))() || [];
  const keep = safely((name, value) => {
    if (!remembers()) return;
    localStorage.setItem(name, value);
    return true;
  });
  const setCookie = safely((value, seconds) => {
    if (options.cookie)
      document.cookie =
        `am_sid=${value};Domain=${options.cookie};Path=/;Max-Age=${seconds};SameSite=Lax` +
        (location.protocol === "https:" ? ";Secure" : "");
  });
  const obey = safely(() => {
    if (remembers()) return;
    ours().forEach(drop);
    setCookie("", 0);
    // A refusal is kept, or the next page would not know of it; a browser that objects says so again.
    if (cookieless || objects()) drop("am_consent");
    sessionStorage.removeItem("am_click");
  });

  // Who: an id that cannot be kept is none, since each event would bring another.
  let user;
  let click;
  const visitor = safely(() => {
    const known = () => (options.cookie && document.cookie.match(/\bam_sid=([\w-]+)/)?.[1]) || read("am_sid");
    const id = known() || random();
    if (keep("am_sid", id)) setCookie(id, 31536000);
    return known() || undefined;
  });
  const remindOfClick = safely(() => {
    if (!remembers()) return;
    if (click) sessionStorage.am_click = click;
    click = sessionStorage.am_click;
  });

  // The queue: an entry {event, claimed} for each event, under a name of its own, since tabs do not see at once
  // what the others write and would overwrite a list. A claim is the moment a tab began to send; a tab that died
  // meanwhile leaves its claim behind, and after a minute the event is anybody's.
  const memory = {};
  const remove = (id) => {
    drop("am_queue_" + id);
    delete memory[id];
  };
  const put = (event, claimed = 0) => {
    remove(event.id);
    if (!keep("am_queue_" + event.id, JSON.stringify({ event, claimed })))
      memory[event.id] = { event, claimed };
  };
  const load = () =>
    [...ours().map((it) => safely(JSON.parse)(read(it))), ...Object.values(memory)]
      .filter((it) => it?.event?.id)
      .sort((one, other) => one.event.ts - other.event.ts);
  const add = (event) => {
    put(event);
    const all = load();
    while (all[50] || JSON.stringify(all).length > 32768 || now() - all[0].event.ts > 4320 * minute)
      remove(all.shift().event.id);
  };
  // After a failure one event goes ahead and tries the way.
  const unclaimed = () =>
    load()
      .filter((it) => Math.abs(now() - it.claimed) > minute)
      .slice(0, failures ? 1 : 20);

  // Sending.
  let timer;
  let failures = 0;
  let quietUntil = 0;
  const quiet = () => {
    const left = Math.max(quietUntil, read("am_quiet")) - now();
    return left > 0 && left < 60 * minute && left;
  };
  const later = (delay) => {
    timer ||= setTimeout(send, delay);
  };
  const message = (batch) =>
    JSON.stringify({
      key: options.key,
      sent_at: now(),
      consent: decision(),
      events: batch.map((it) => it.event),
    });
  const send = safely(() => {
    clearTimeout(timer);
    timer = 0;
    if (quiet()) return later(quiet());
    const batch = unclaimed();
    if (!batch[0]) return load()[0] && setTimeout(send, minute);
    batch.forEach((it) => put(it.event, now()));
    const all = batch.map((it) => it.event.id);
    const answered = safely((again, after) => {
      for (const it of load())
        if (again.includes(it.event.id)) put(it.event);
        else if (all.includes(it.event.id)) remove(it.event.id);
      if (!again[0]) {
        failures = 0;
        return later(0);
      }
      const told = Math.min(after * 1000 || 0, 50 * minute);
      keep("am_quiet", (quietUntil = now() + told));
      later(Math.max(told, Math.min(1000 * 2 ** failures++, 5 * minute)) * (1 + Math.random() / 5));
    });
    // A string is sent as text/plain, which needs no preflight; keepalive lets it outlive the page.
    try {
      fetch(collect, { method: "POST", body: message(batch), keepalive: true, credentials: "omit" }).then(
        (answer) =>
          answer.status > 499 || answer.status === 429
            ? answered(all, answer.headers.get("Retry-After"))
            : answer
                .json()
                .then((it) => answered(it.results.filter((it) => it.status === "retry").map((it) => it.id)))
                .catch(() => answered([])),
        () => answered(all),
      );
    } catch {
      // Somebody has broken the page's fetch.
      batch.forEach((it) => put(it.event));
      entrust();
    }
  });
  // Beacons outlive the page, but nobody hears whether they arrived.
  const entrust = () => {
    for (let most = 9; most--; ) {
      const batch = unclaimed();
      if (!batch[0] || !navigator.sendBeacon?.(collect, message(batch))) return;
      batch.forEach((it) => remove(it.event.id));
    }
  };
  // The page may be going. While sending fails, what is stored waits for the next page, and what is only in memory
  // takes its last chance.
  const leave = (last) => {
    if ((failures || quiet() || !navigator.onLine) && !(last && Object.keys(memory)[0])) return;
    if (!navigator.sendBeacon) return send();
    entrust();
  };

  // Building events.
  const bare = (address) =>
    address.split(/[?#]/)[0] + (address.match(/[?&]utm_\w+=[^&#]*/gi) || []).join("").replace(/^./, "?");
  const silenced = ({ sid, user_id, click_id, props, ...event }) => ({
    ...event,
    consent: "denied",
    url: bare(event.url),
    ref: bare(event.ref),
  });
  const copied = (props) => {
    const copy = {};
    const take = safely((name) => (copy[name] = JSON.parse(JSON.stringify(props[name]))));
    safely(() => Object.keys(props).forEach(take))();
    return copy;
  };
  let campaign = {};
  let referrer = document.referrer;
  const track = (name, given) => {
    remindOfClick();
    const props = copied(given);
    const event = {
      event: String(name).slice(0, 64),
      id: random(),
      ts: now(),
      consent: decision(),
      url: location.href.slice(0, 2048),
      ref: referrer.slice(0, 2048),
      sid: visitor(),
      click_id: click,
      user_id: user,
      ...campaign,
    };
    for (const [name, pattern] of [
      ["value", /^-?\d+(\.\d+)?$/],
      ["currency", /^[a-z]{3}$/i],
    ])
      if (pattern.test(props[name])) {
        event[name] = props[name];
        delete props[name];
      }
    event.props = JSON.stringify(props).length < 12288 ? props : {};
    add(denied() ? silenced(event) : event);
    later(300);
  };

  // Page views: one for each address; campaign tags and jumps within the page do not make it another one.
  let seen;
  const land = safely(() => {
    if (/[?&]utm_/.test(location.search)) campaign = {};
    new URLSearchParams(location.search).forEach((value, name) => {
      if (/^utm_(source|medium|campaign|term|content)$/.test(name)) campaign[name] = value.slice(0, 256);
      if (name === "mp_cid") click = value.slice(0, 128);
    });
  });
  const view = safely((again) => {
    const here = location.href.replace(/#(?![/!]).*|\b(utm_\w+|mp_cid)=[^&#]*&?/g, "").replace(/[?&]$/, "");
    if (here === seen && again !== true) return;
    if (seen && seen !== here) referrer = seen;
    seen = here;
    land();
    track("page_view");
  });

  // Clicks and forms: never what was typed.
  const within = (event, selector) => {
    const path = event.composedPath();
    return !path.some((it) => it.matches?.("[data-mp-ignore]")) && path.find((it) => it.matches?.(selector));
  };
  const clicked = (event) => {
    const link = event.button < 2 && within(event, "a,area");
    if (!/^http/.test(link?.protocol)) return;
    const href = link.href.slice(0, 2048);
    if (link.hostname !== location.hostname) track("outbound_click", { href });
    else if (options.downloads?.split(",").includes(link.pathname.split(".").pop()))
      track("download", { href });
  };
  const submitted = (event) => {
    const form = within(event, "form");
    if (!form) return;
    const [id, name, action] = ["id", "name", "action"].map((it) => form.getAttribute(it) || undefined);
    track("lead", { id, name, action: bare(new URL(action || "", location).href) });
  };

  const api = {
    track: track,
    identify(id) {
      user = id ? String(id).slice(0, 128) : undefined;
      if (user) track("identify");
    },
    revenue(value, currency, props) {
      track("purchase", { ...copied(props), value, currency });
    },
    consent(state) {
      if (!/^(granted|denied|unknown)$/.test(state)) return;
      const entries = load();
      // The new word is kept as if there were none yet, since a refusal forbids keeping.
      drop("am_consent");
      word = "";
      keep("am_consent", state);
      word = state;
      obey();
      entries.forEach((it) => put(denied() ? silenced(it.event) : it.event, it.claimed));
    },
    flush: send,
    push(...calls) {
      calls.forEach(([name, ...given]) => api[name](...given));
    },
  };
  for (const name in api) api[name] = safely(api[name]);

  const early = window.mp;
  window.mp = api;
  window.AgenticTrack = { send: api.track };
  obey();
  land();
  early?.forEach?.((call) => api.push(call));
  if (options.auto !== "off") {
    for (const name of ["pushState", "replaceState"]) {
      const original = history[name];
      history[name] = function (...given) {
        const result = original.apply(this, given);
        view();
        return result;
      };
    }
    listen("popstate", view);
    listen("pageshow", (event) => event.persisted && view(true));
    if (document.prerendering) listen("prerenderingchange", view);
    else view();
  }
  listen("click", clicked);
  listen("auxclick", clicked);
  listen("submit", submitted);
  listen("storage", obey);
  listen("online", () => setTimeout(send, 1000 * Math.random()));
  listen("pagehide", () => leave(true));
  listen("visibilitychange", () => document.hidden && leave());
  later(300);
})();
