// Passkeys: connects the button of a form with allauth's scripts, and shows the browser's error in words.
//   <button type="button" data-passkey="confirm" data-passkey-script="…/webauthn-json.js">  also where it comes into the page later
(() => {
  const ACTIONS = { add: 'addForm', authenticate: 'authenticateForm', login: 'loginForm' }
  const WORDS = {
    NotAllowedError: 'The browser ended it: it was cancelled, or took too long. Nothing has changed; try again.',
    InvalidStateError: 'This device holds a passkey for you already.',
    SecurityError: 'Passkeys belong to a name, not to this address. Open Patchbay by its name.',
  }

  document.addEventListener('DOMContentLoaded', () => {
    for (const button of document.querySelectorAll('[data-passkey]')) {
      const action = ACTIONS[button.dataset.passkey]
      if (!action) continue
      const form = button.closest('form')
      const ids = { credential: form.elements.credential.id, data: 'passkey-data' }
      ids[button.dataset.passkey] = button.id
      if (form.elements.passwordless) ids.passwordless = form.elements.passwordless.id
      window.allauth.webauthn.forms[action]({ ids })
      button.addEventListener('click', () => showError(''))
      button.disabled = false
    }
  })

  document.addEventListener('click', async (event) => {
    const button = event.target.closest('[data-passkey="confirm"]')
    if (!button) return
    showError('')
    try {
      await load(button.dataset.passkeyScript)
      const { request_options: options } = JSON.parse(document.getElementById('passkey-options').textContent)
      button.form.elements.credential.value = JSON.stringify(await window.webauthnJSON.get(options))
      button.form.requestSubmit()
    } catch (exception) { fail(exception) }
  })

  document.addEventListener('allauth.error', (event) => {
    event.preventDefault()
    fail(event.detail.exception)
  })

  const load = (address) => window.webauthnJSON ? undefined : new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement('script'), { src: address, onload: resolve, onerror: reject }))
  })

  const fail = (exception) => showError(WORDS[exception.name] || 'That did not work. Nothing has changed; try again.')

  function showError(words) {
    const line = document.querySelector('dialog[open] [data-passkey-error]') ?? document.querySelector('[data-passkey-error]')
    line.textContent = words
    line.hidden = !words
  }
})()
