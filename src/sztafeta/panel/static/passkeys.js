// Passkeys: asks for a challenge, has the browser sign it, and sends the form with the answer.
(() => {
  "use strict";

  if (!window.PublicKeyCredential) return;
  const octets = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (list) => (list ?? []).map((one) => ({ ...one, id: octets(one.id) }));

  const create = async (options) => {
    const made = await navigator.credentials.create({ publicKey: {
      ...options, challenge: octets(options.challenge), user: { ...options.user, id: octets(options.user.id) },
      excludeCredentials: known(options.excludeCredentials),
    } });
    return { id: made.id, rawId: text(made.rawId), type: made.type, response: {
      clientDataJSON: text(made.response.clientDataJSON), attestationObject: text(made.response.attestationObject),
    } };
  };
  const get = async (options) => {
    const found = await navigator.credentials.get({ publicKey: {
      ...options, challenge: octets(options.challenge), allowCredentials: known(options.allowCredentials),
    } });
    return { id: found.id, rawId: text(found.rawId), type: found.type, response: {
      clientDataJSON: text(found.response.clientDataJSON), authenticatorData: text(found.response.authenticatorData),
      signature: text(found.response.signature),
      userHandle: found.response.userHandle ? text(found.response.userHandle) : null,
    } };
  };

  const say = (form, text) => {
    let said = form.querySelector(".error");
    if (!said) {
      said = document.createElement("p");
      said.className = "error";
      said.setAttribute("role", "alert");
      form.append(said);
    }
    said.textContent = text;
  };

  for (const form of document.querySelectorAll("[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const typed = new URLSearchParams(new FormData(form));
        const asked = await (await fetch(form.dataset.challenge, { method: "POST", body: typed })).json();
        if (asked.error) return say(form, asked.error);
        const answer = await (form.dataset.passkey === "create" ? create : get)(asked.options);
        form.elements.challenge.value = asked.token;
        form.elements.answer.value = JSON.stringify(answer);
        form.submit();
      } catch {
        say(form, form.dataset.failed);
      }
    });
  }
})();
