import type { factors as english } from '../en/factors.ts';
import type { Translated } from '../messages.ts';

export const factors: Translated<typeof english> = {
  'second-step.title': 'Un paso más',
  'second-step.ask-totp': 'Código de su app',
  'second-step.ask-recovery-code': 'Uno de sus códigos en papel',
  'second-step.use-totp': 'Usar un código de su app',
  'second-step.use-recovery-code': 'Usar un código en papel',
  'second-step.other-ways': 'Otras formas',
  'second-step.wrong': 'Ese código no es correcto. Mire otra vez y vuelva a escribirlo.',
  'second-step.used': 'Ese código ya se usó. Espere al siguiente y escriba ese.',

  'set-up-app.title': 'Preparar una app de códigos',
  'set-up-app.lead': 'Desde ahora entra con su clave y un código. Una app de su móvil lo muestra.',
  'set-up-app.install': 'Si no tiene una app de códigos, ponga una en su móvil.',
  'set-up-app.scan': 'En esa app, lea esta imagen con la cámara.',
  'set-up-app.qr': 'Código QR para leer con su app',
  'set-up-app.type': 'Si no puede leerla, escriba esta clave:',
  'set-up-app.here': '¿Tiene la app en este equipo? Ábrala aquí.',
  'set-up-app.confirm': 'Escriba el código que la app muestra ahora.',
  'set-up-app.code': 'Código de la app',
  'set-up-app.expired': 'La página estuvo abierta mucho tiempo. Lea la nueva imagen.',

  'printed-codes.title': 'Sus códigos en papel',
  'printed-codes.lead': 'Use uno si pierde el móvil o se le rompe. Cada uno vale una sola vez.',
  'printed-codes.once': 'Solo los ve ahora. Los códigos de antes ya no valen.',
  'printed-codes.print':
    'Imprima esta página o copie los códigos. Guárdelos en un sitio seguro, lejos del móvil.',
  'printed-codes.kept': 'Ya los he guardado',

  'login.passkey': 'Entrar con una llave de acceso',
  'second-step.use-passkey': 'Usar una llave de acceso',
  'passkey.title': 'Use su llave de acceso',
  'passkey.lead': 'Su equipo le pedirá el dedo, la cara o un PIN.',
  'passkey.use': 'Usar la llave de acceso',
  'passkey.off':
    'Aquí no se pueden usar llaves: su navegador no las tiene o no usa JavaScript. Elija otra forma.',
  'passkey.failed': 'No ha salido bien. Pruebe otra vez o elija otra forma.',
  'passkey.refused': 'No conocemos esta llave. Pruebe otra vez o elija otra forma.',
  'passkey.password': 'Usar la contraseña',
  'new-passkey.title': 'Añadir una llave de acceso',
  'new-passkey.lead': 'Con ella entra sin contraseña. Se queda en su móvil o en su equipo.',
  'new-passkey.name': 'Un nombre para ella',
  'new-passkey.name-hint': 'Para saber cuál es, como «Mi móvil».',
  'new-passkey.make': 'Crear la llave',
  'new-passkey.instead': 'Crear una llave de acceso',
  'new-passkey.refused': 'No se ha añadido la llave. Pruebe otra vez o en otro equipo.',
  'new-passkey.too-many': 'Tiene muchas llaves. Quite antes una.',
  'set-up-app.instead': 'Usar una app de códigos',
  'page.back': 'Volver',
};
