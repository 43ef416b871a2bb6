// Without this file the button "Show this patient’s encounters" does the same by reloading the page.
const patient = document.querySelector('#patient');
const encounter = document.querySelector('#encounter');
document.querySelector('.no-script')?.remove();

patient?.addEventListener('change', async () => {
  const asked = patient.value;
  // What would be chosen until the answer comes is the choice of another patient's encounters.
  encounter.disabled = true;
  try {
    const answer = await fetch(`/?${new URLSearchParams({ patient: asked })}`);
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (patient.value !== asked) return;
    encounter.replaceChildren(...page.querySelector('#encounter').children);
    // Moving options one by one would leave the last one selected; the newest encounter comes first.
    encounter.selectedIndex = 0;
  } finally {
    if (patient.value === asked) encounter.disabled = false;
  }
});
