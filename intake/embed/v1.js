/* <truegap-assessment>: the self-assessment as an element of any website. Served at /embed/v1.js (intake/embed).

   Attributes, all optional: site (public key), questionnaire, consent-text, privacy-url, proof-of-work (for a site that
   asks for it: a task of the server is solved before the form is sent; pages without https cannot).
   Colours: the custom property --truegap-accent. Event: "truegap:submitted" with {id, gap, engagement} in its detail.
   Everything is built with DOM calls and an adopted stylesheet, so a strict content policy of the website needs to name
   this server only in script-src and connect-src. */
(() => {
  "use strict";
  const WORDS = /* filled in by the server */ {};
  const HOME = new URL(document.currentScript.src).origin;
  const STYLE = /* filled in by the server */ "";
  const WAITS = [0, 1000, 3000, 8000]; // before each try to send
  const TRY_AGAIN = [409, 429, 502, 503, 504];

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children.filter(Boolean));
    return element;
  };
  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  // Not randomUUID, which pages without https lack.
  const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "";

  const attribution = () => {
    const found = { referrer: document.referrer, landing_page: location.href.split("#")[0] };
    for (const [name, value] of new URLSearchParams(location.search)) {
      if (name.startsWith("utm_")) found[name] = value;
    }
    return found;
  };

  const radios = (name, legend, choices, help) =>
    make(
      "fieldset", {},
      make("legend", { textContent: legend }),
      help && make("p", { className: "hint", textContent: help }),
      make("div", { className: choices.length > 3 ? "choices few" : "choices" }, ...choices.map(([value, label]) =>
        make("label", {}, make("input", { type: "radio", name, value }), make("span", { textContent: label })))),
    );

  const field = (name, label, properties = {}) => {
    const { tag = "input", ...rest } = properties;
    const id = `truegap-${name}`;
    const optional = rest.required ? "" : " (optional)";
    return make("div", { className: "field" },
      make("label", { htmlFor: id, textContent: label + optional }), make(tag, { id, name, ...rest }));
  };

  const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
  const hex = (buffer) => Array.from(new Uint8Array(buffer), (b) => b.toString(16).padStart(2, "0")).join("");

  /* A task of ALTCHA: the first number whose derived key begins as asked. Some hundred tries, under a second. */
  const solve = async (challenge) => {
    const { nonce, salt, cost, keyLength, keyPrefix } = challenge.parameters;
    const password = new Uint8Array([...bytes(nonce), 0, 0, 0, 0]);
    const number = new DataView(password.buffer, password.length - 4);
    for (let counter = 0; ; counter += 1) {
      number.setUint32(0, counter);
      const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
      const method = { name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: cost };
      const derivedKey = hex(await crypto.subtle.deriveBits(method, key, keyLength * 8));
      if (derivedKey.startsWith(keyPrefix)) return btoa(JSON.stringify({ challenge, solution: { counter, derivedKey } }));
    }
  };

  const statement = ({ key, text, help }) =>
    radios(`answers.${key}`, text, [["yes", "Yes"], ["no", "No"], ["unsure", "Not sure"]], help);

  class Assessment extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot) return;
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
      this.load();
    }

    async load() {
      this.show(make("p", { className: "hint", textContent: "One moment …" }));
      try {
        const slug = this.getAttribute("questionnaire") || "fractional-leadership";
        const answer = await fetch(`${HOME}/api/v1/questionnaires/${encodeURIComponent(slug)}/`);
        if (!answer.ok) throw new Error(`The questionnaire “${slug}” gave ${answer.status}.`);
        this.ask(await answer.json());
        this.formToken = (await this.told("form-token").catch(() => ({}))).form_token;
      } catch (error) {
        console.error("truegap-assessment:", error);
        this.show(make("p", {}, "The questions could not be loaded. ",
          make("a", { href: `${HOME}/`, textContent: "Answer them on our own page." })));
      }
    }

    async told(what) {
      return (await fetch(`${HOME}/api/v1/submissions/${what}/`)).json();
    }

    show(...nodes) {
      this.shadowRoot.replaceChildren(...nodes);
    }

    ask(questionnaire) {
      const quick = questionnaire.statements.filter((each) => each.group === "quick");
      const first = quick.length ? quick : questionnaire.statements;
      const more = questionnaire.statements.filter((each) => !first.includes(each));
      const sizes = [["", "I’d rather not say"], ...questionnaire.company_sizes.map((size) => [size, size])];
      const options = sizes.map(([value, textContent]) => make("option", { value, textContent }));
      const privacy = this.getAttribute("privacy-url");
      this.consent = this.getAttribute("consent-text") || WORDS.consent;
      this.problem = make("p", { className: "problem", role: "alert", hidden: true, tabIndex: -1 });
      this.button = make("button", { type: "submit", textContent: "Show me the result" });
      this.key = newKey();
      this.form = make(
        "form", { noValidate: true },
        make("h2", { textContent: questionnaire.title }),
        make("p", { className: "hint", textContent: "Leave out whatever does not apply." }),
        this.problem,
        ...first.map(statement),
        more.length && make("details", {}, make("summary", { textContent: `${more.length} more statements` }), ...more.map(statement)),
        field("name", "Your name", { autocomplete: "name", maxLength: 200, required: true }),
        field("email", "Mail address", { type: "email", autocomplete: "email", maxLength: 254, required: true }),
        field("company", "Company", { autocomplete: "organization", maxLength: 200 }),
        make("div", { className: "field" }, make("label", { htmlFor: "truegap-size", textContent: "People in the company (optional)" }),
          make("select", { id: "truegap-size", name: "company_size" }, ...options)),
        field("message", "What made you look for somebody?", { tag: "textarea", rows: 4, maxLength: 5000 }),
        radios("asked_for", "Which role do you think you need? (optional)", WORDS.asked_for),
        make("div", { className: "trap", ariaHidden: "true" }, make("input", { name: "contact_fax_ext", tabIndex: -1, autocomplete: "off", ariaLabel: "Leave this empty" })),
        make("label", { className: "tick" }, make("input", { type: "checkbox", name: "consent" }), make("span", { textContent: this.consent })),
        this.button,
        privacy && make("p", { className: "hint" }, make("a", { href: privacy, target: "_blank", rel: "noopener", textContent: "Privacy notice" })),
      );
      this.form.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
      // What has changed is another enquiry; what is sent again unchanged is the same one.
      this.form.addEventListener("input", () => { this.key = newKey(); });
      this.show(this.form);
    }

    fields() {
      const found = { form_token: this.formToken, answers: {}, timezone: zone(), language: navigator.language, attribution: attribution(),
        consent: { follow_up: false, text: this.consent } };
      for (const [name, value] of new FormData(this.form)) {
        if (name.startsWith("answers.")) found.answers[name.slice(8)] = value;
        else if (name === "consent") found.consent.follow_up = true;
        else if (value) found[name] = value;
      }
      for (const name of ["site", "questionnaire"]) {
        if (this.getAttribute(name)) found[name] = this.getAttribute(name);
      }
      return found;
    }

    async send() {
      this.tell("");
      this.button.disabled = true;
      try {
        const answer = await this.post(JSON.stringify({ ...this.fields(), ...(await this.proof()) }));
        const body = await answer.json();
        if (answer.status === 201) this.result(body);
        else this.refused(body);
      } catch (error) {
        console.error("truegap-assessment:", error);
        this.tell("It could not be sent. Your answers are still here: please try again in a minute.");
      } finally {
        this.button.disabled = false;
      }
    }

    /* One for each enquiry: sent again unchanged, it is the same one. Without it, the enquiry is looked at by hand. */
    async proof() {
      if (!this.hasAttribute("proof-of-work") || !crypto.subtle) return {};
      if (this.solvedFor !== this.key) this.solved = await solve(await this.told("challenge"));
      this.solvedFor = this.key;
      return { altcha: this.solved };
    }

    /* Sends once, however often it has to be tried: the key stays the same. */
    async post(body) {
      let last;
      for (const wait of WAITS) {
        await pause(Math.max(wait, last ? 1000 * Math.min(Number(last.headers.get("Retry-After")) || 0, 20) : 0));
        try {
          last = await fetch(`${HOME}/api/v1/submissions/`, {
            method: "POST", body, headers: { "Content-Type": "application/json", Accept: "application/json", "Idempotency-Key": this.key },
          });
          if (!TRY_AGAIN.includes(last.status)) return last;
        } catch (error) {
          if (wait === WAITS.at(-1)) throw error;
        }
      }
      return last;
    }

    refused(problem) {
      const errors = problem.errors || [];
      for (const input of this.form.elements) input.removeAttribute("aria-invalid");
      for (const { pointer } of errors) {
        const input = this.form.elements[pointer.slice(1).replace("/", ".")];
        if (input instanceof HTMLElement) input.setAttribute("aria-invalid", "true");
      }
      this.tell(errors.length ? errors.map((each) => WORDS.missing[`${each.pointer}:${each.code}`] || each.detail).join("\n") : problem.detail);
    }

    tell(text) {
      this.problem.textContent = text;
      this.problem.hidden = !text;
      if (text) this.problem.focus();
    }

    result(body) {
      const { engagement, gap, reasons } = body.assessment;
      const words = WORDS.engagements[engagement];
      const heading = make("h2", { textContent: words.headline, tabIndex: -1 });
      const time = make("p", { role: "status" });
      this.show(
        make("div", { className: "result" }, heading, make("p", { textContent: words.meaning }),
          make("ul", {}, ...reasons.slice(0, 4).map((reason) => make("li", { textContent: reason.text }))),
          time,
          make("a", { className: "button", href: body.links.page, textContent: "See everything and choose a time" })),
      );
      heading.focus();
      this.dispatchEvent(new CustomEvent("truegap:submitted", { bubbles: true, composed: true, detail: { id: body.id, gap, engagement } }));
      this.watch(body.links.self, time);
    }

    /* The time is decided a moment after the answer: asked every two seconds, a minute at most. */
    async watch(address, place) {
      for (let turn = 0; turn < 30 && this.isConnected; turn += 1) {
        await pause(2000);
        const answer = await fetch(address).catch(() => null);
        const state = answer && answer.ok ? await answer.json() : { booking_state: "pending" };
        if (state.booking_state === "pending") continue;
        if (state.booking) place.textContent = this.timeWords(state.booking);
        return;
      }
    }

    timeWords({ start, status, advisor }) {
      const when = new Intl.DateTimeFormat(document.documentElement.lang || "en", { dateStyle: "full", timeStyle: "short" }).format(new Date(start));
      return status === "confirmed" ? `Booked with ${advisor.name}: ${when}.` : `Pencilled in with ${advisor.name}: ${when}. Keep it, or choose another time.`;
    }
  }

  if (!customElements.get("truegap-assessment")) customElements.define("truegap-assessment", Assessment);
})();
