// Passkeys need a script; everything else works without one. Without it, or in a browser that has no passkeys, the page says
// so and offers other ways.
for (const part of document.querySelectorAll('[data-passkey]')) {
  const form = part.closest('form');
  const field = part.querySelector('input[name=passkey]');
  const button = part.querySelector('button');
  const failed = part.querySelector('[data-passkey-failed]');
  const isNew = part.dataset.passkey === 'create';
  const { PublicKeyCredential: passkeys } = window;
  if (!passkeys?.parseCreationOptionsFromJSON || !passkeys.parseRequestOptionsFromJSON) continue;
  part.querySelector('[data-passkey-off]').hidden = true;
  button.hidden = false;

  const ask = () => {
    const options = JSON.parse(part.dataset.options);
    return isNew
      ? navigator.credentials.create({ publicKey: passkeys.parseCreationOptionsFromJSON(options) })
      : navigator.credentials.get({ publicKey: passkeys.parseRequestOptionsFromJSON(options) });
  };
  form.addEventListener('submit', async (event) => {
    if (event.submitter?.name === 'cancel' || field.value !== '') return;
    event.preventDefault();
    failed.hidden = true;
    try {
      field.value = JSON.stringify((await ask()).toJSON());
      form.requestSubmit(button);
    } catch {
      failed.hidden = false;
    }
  });
}
