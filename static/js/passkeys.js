// Passkeys: connects the button of a form with allauth's scripts, and shows the browser's error in words.
(() => {
  const ACTIONS = { add: 'addForm', authenticate: 'authenticateForm', login: 'loginForm' }
  const WORDS = {
    NotAllowedError: 'The browser ended it: it was cancelled, or took too long. Nothing has changed; try again.',
    InvalidStateError: 'This device holds a passkey for you already.',
    SecurityError: 'Passkeys belong to a name, not to this address. Open Patchbay by its name.',
  }

  document.addEventListener('DOMContentLoaded', () => {
    for (const button of document.querySelectorAll('[data-passkey]')) {
      const form = button.closest('form')
      const ids = { credential: form.elements.credential.id, data: 'passkey-data' }
      ids[button.dataset.passkey] = button.id
      if (form.elements.passwordless) ids.passwordless = form.elements.passwordless.id
      window.allauth.webauthn.forms[ACTIONS[button.dataset.passkey]]({ ids })
      button.addEventListener('click', () => showError(''))
      button.disabled = false
    }
  })

  document.addEventListener('allauth.error', (event) => {
    event.preventDefault()
    showError(WORDS[event.detail.exception.name] || 'That did not work. Nothing has changed; try again.')
  })

  function showError(words) {
    const line = document.querySelector('[data-passkey-error]')
    line.textContent = words
    line.hidden = !words
  }
})()
