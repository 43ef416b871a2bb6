/** Where people show a second factor, and set one up. */
export const factors = {
  'second-step.title': 'One more step',
  'second-step.ask-totp': 'Code from your app',
  'second-step.ask-recovery-code': 'One of your printed codes',
  'second-step.use-totp': 'Use a code from your app',
  'second-step.use-recovery-code': 'Use a printed code',
  'second-step.other-ways': 'Other ways',
  'second-step.wrong': 'That code is not right. Look again and type it once more.',
  'second-step.used': 'That code was used before. Wait for the next one and type that.',

  'set-up-app.title': 'Set up an app for codes',
  'set-up-app.lead': 'From now on you sign in with your password and a code. An app on your phone shows it.',
  'set-up-app.install': 'Get an app for codes on your phone, if you have none.',
  'set-up-app.scan': 'Add us in that app: scan this picture.',
  'set-up-app.qr': 'QR code to scan with your app',
  'set-up-app.type': 'If you cannot scan, type this key:',
  'set-up-app.here': 'Is the app on this device? Open it here.',
  'set-up-app.confirm': 'Type the code that the app shows now.',
  'set-up-app.code': 'Code from the app',
  'set-up-app.expired': 'This page was open for too long. Scan the new picture.',

  'printed-codes.title': 'Your printed codes',
  'printed-codes.lead': 'Use one of these when your phone is lost or broken. Each one works once.',
  'printed-codes.once': 'You see them only now. Codes from before do not work any more.',
  'printed-codes.print':
    'Print this page, or write the codes down. Keep them in a safe place, not with your phone.',
  'printed-codes.kept': 'I have kept them',
} as const;
