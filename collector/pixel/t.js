/* The pixel. No cookie, no dependency; an anonymous id in localStorage, unless the visitor objects. */
(function (w, d, n) {
  "use strict";
  var script = d.currentScript;
  var collect = new URL("/collect", script.src).href;
  var key = script.getAttribute("data-key") || undefined;
  var landing = new URLSearchParams(w.location.search);

  function store(name, value) {
    try {
      if (value === undefined) return w.localStorage.getItem(name);
      if (value === null) w.localStorage.removeItem(name);
      else w.localStorage.setItem(name, value);
    } catch (e) { /* storage is forbidden: the page works on without an id */ }
    return value;
  }

  function random() {
    if (w.crypto && w.crypto.randomUUID) return w.crypto.randomUUID();
    return Date.now().toString(36) + Math.random().toString(36).slice(2) + Math.random().toString(36).slice(2);
  }

  function decision() {
    if (n.globalPrivacyControl || n.doNotTrack === "1" || w.doNotTrack === "1") return "denied";
    return store("am_consent") || "unknown";
  }

  function sid() {
    return store("am_sid") || store("am_sid", random());
  }

  function page(url) {
    try { return new URL(url).origin + new URL(url).pathname; } catch (e) { return ""; }
  }

  function event(name, props) {
    var own = Object.assign({}, props), denied = decision() === "denied", now = Date.now();
    var sent = {
      event: name, id: random(), ts: now, sent_at: now, key: key, consent: decision(),
      url: w.location.href, ref: d.referrer, value: own.value, currency: own.currency,
      utm_source: landing.get("utm_source") || undefined,
      utm_medium: landing.get("utm_medium") || undefined,
      utm_campaign: landing.get("utm_campaign") || undefined
    };
    delete own.value;
    delete own.currency;
    if (denied) {
      sent.url = page(sent.url);
      sent.ref = page(sent.ref);
      return sent;
    }
    sent.sid = sid();
    sent.click_id = landing.get("mp_cid") || undefined;
    sent.props = own;
    return sent;
  }

  function send(name, props) {
    var body = JSON.stringify(event(name, props));
    function beacon() { if (n.sendBeacon) n.sendBeacon(collect, body); }
    // A string is sent as text/plain, which needs no preflight; keepalive survives the end of the page.
    if (!w.fetch) return beacon();
    w.fetch(collect, { method: "POST", body: body, keepalive: true, credentials: "omit", mode: "cors" })
      .catch(beacon);
  }

  function consent(state) {
    store("am_consent", state);
    if (state === "denied") store("am_sid", null);
  }

  if (decision() === "denied") store("am_sid", null);
  w.AgenticTrack = { send: send };
  w.mp = { track: send, consent: consent };
  send("page_view");
})(window, document, navigator);
