import type { errors as english } from '../en/errors.ts';
import type { Translated } from '../messages.ts';

export const errors: Translated<typeof english> = {
  'error.title': 'Algo no va bien',
  'error.advice': 'Lo que puede hacer',
  'error.quote': 'Si pide ayuda, dé esta referencia',
  'error.again': 'Probar otra vez',
  'error.developer': 'Para quien desarrolla la app',
  'error.code': 'Error',
  'error.description': 'Descripción',

  'error.ours.heading': 'Esto no funciona ahora',
  'error.ours.message': 'Algo ha fallado de nuestro lado.',
  'error.ours.advice': 'No se ha dado nada. Espere un momento, vuelva a la app y pruebe otra vez.',
  'error.missing.heading': 'Esta página no existe',
  'error.missing.message': 'Puede que la dirección sea antigua o esté mal escrita.',
  'error.foreign.heading': 'Esto no está permitido',
  'error.foreign.message': 'El formulario no venía de nuestra página.',
  'error.busy.heading': 'Demasiadas peticiones',
  'error.busy.message': 'Han llegado demasiadas peticiones de su red en poco tiempo.',
  'error.busy.advice': 'No se ha dado nada. Espere un minuto, vuelva a la app y pruebe otra vez.',
  'error.app.heading': 'La app ha enviado algo que no podemos aceptar',
  'error.app.message':
    'No se ha dado nada. Casi siempre es un fallo de la app, o una página que estuvo abierta mucho tiempo.',
  'error.app.advice': 'Vuelva a la app y empiece otra vez desde allí.',

  'problem.expired.heading': 'Esta página ha caducado',
  'problem.expired.message': 'Estuvo abierta mucho tiempo, ya se terminó o es de otro navegador.',
  'problem.expired.advice': 'Vuelva a la app y empiece otra vez desde allí.',
  'problem.client-gone.heading': 'Esta app no se puede usar ahora',
  'problem.client-gone.message': 'Aquí ya no se conoce la app o el sistema de datos que pide.',
  'problem.client-gone.advice': 'Pregunte a quien hizo la app, o pruebe más tarde.',
  'problem.launch-gone.heading': 'Esta apertura ha terminado',
  'problem.launch-gone.message':
    'Una app que se abre desde un sistema de salud se usa en los cinco minutos siguientes, y una sola vez.',
  'problem.launch-gone.advice': 'Abra otra vez la app desde el sistema de salud.',
  'problem.fhir-away.heading': 'La búsqueda de pacientes no funciona ahora',
  'problem.fhir-away.message': 'El sistema de datos de salud no ha respondido.',
  'problem.fhir-away.advice': 'No se ha perdido nada. Espere un momento y pruebe otra vez.',

  'problem.no-cookies.heading': 'Esto no funciona dentro de otra página',
  'problem.no-cookies.message':
    'Su navegador no guarda cookies de páginas que se ven dentro de otras, y así no sabemos que es usted.',
  'problem.no-cookies.advice': 'Abra la app en una ventana o pestaña propia.',
  'problem.not-recorded.heading': 'Su elección no se pudo anotar',
  'problem.not-recorded.message':
    'Guardamos una nota de todo lo que se permite. Ahora no se pudo escribir, así que no se ha dado nada.',
  'problem.not-recorded.advice':
    'No se ha perdido nada. Espere un momento, empiece otra vez desde aquí y vuelva a elegir.',

  'problem.sign-in.away':
    '{provider} no responde ahora. No se ha perdido nada: espere un momento y pruebe otra vez.',
  'problem.sign-in.denied': '{provider} no inició su sesión, porque allí se canceló. Puede probar otra vez.',
  'problem.sign-in.failed': '{provider} no pudo iniciar su sesión. Puede probar otra vez.',
  'problem.sign-in.not-trusted':
    'La respuesta de {provider} no era como debe ser, así que no ha iniciado sesión. Pruebe otra vez o pregunte a la organización.',
  'problem.sign-in.not-fresh':
    'La app quiere que inicie sesión de nuevo, y {provider} no se lo pidió. Cierre allí la sesión y pruebe otra vez.',
  'problem.sign-in.unknown-account':
    '{provider} le conoce, pero aquí no tiene cuenta. Pida una a la organización.',
  'problem.sign-in.ended-there': 'Ha cerrado la sesión en {provider}. Vuelva a entrar para continuar.',
  'problem.sign-in.disabled': 'Su cuenta aquí está desactivada. Pregunte a la organización.',
  'problem.sign-in.no-role': '{provider} no dice qué puede hacer usted aquí. Pregunte a la organización.',
  'problem.sign-in.no-fhir-user':
    '{provider} no dice qué datos de salud son los suyos. Pida a la organización que lo añada a su cuenta.',
  'problem.sign-in.person-not-found':
    'Con lo que dice {provider} no sabemos quién es usted en el sistema de datos de salud. Pregunte a la organización.',
  'problem.sign-in.fhir-away':
    'El sistema de datos de salud no responde ahora. No se ha perdido nada: espere un momento y pruebe otra vez.',
  'problem.sign-in.username':
    'No se pudo crear una cuenta: {provider} no da un nombre de usuario que aquí esté libre. Pregunte a la organización.',
  'problem.sign-in-lost.heading': 'Este inicio de sesión no puede seguir',
  'problem.sign-in-lost.message': 'Tardó demasiado, ya terminó o empezó en otro navegador.',
  'problem.sign-in-lost.advice':
    'Vuelva a la app o a la página de la que venía y empiece otra vez desde allí.',

  'refusal.other-account.heading': 'La app pidió otra cuenta',
  'refusal.other-account.message': 'Quiere seguir con la cuenta que usó antes, y no con esta.',
  'refusal.other-account.advice': 'Inicie sesión con esa cuenta, o vuelva a la app y empiece otra vez.',
  'refusal.other-user.heading': 'Esta app se abrió para otra persona',
  'refusal.other-user.message':
    'La abrió en el sistema de salud alguien distinto de quien tiene aquí la sesión.',
  'refusal.other-user.advice':
    'Inicie sesión como esa persona, o abra otra vez la app desde su propia sesión.',
  'refusal.other-patient.heading': 'Aquí no puede abrir estos datos',
  'refusal.other-patient.message': 'La app se abrió para un paciente que no es usted.',
  'refusal.other-patient.advice':
    'Abra la app desde sus propios datos, o inicie sesión con la cuenta correcta.',
  'refusal.unknown-patient.heading': 'No se encuentran estos datos',
  'refusal.unknown-patient.message': 'El sistema de datos que pide la app no conoce a este paciente.',
  'refusal.unknown-patient.advice':
    'Mire qué paciente está abierto y abra otra vez la app, o pregunte a la organización.',
  'refusal.acts-for-nobody.heading': 'No hay ninguna historia que pueda dar',
  'refusal.acts-for-nobody.message': 'Su historia de salud no dice que pueda actuar por nadie.',
  'refusal.acts-for-nobody.advice': 'Si debe ser así, hable con el personal de su centro.',
  'refusal.no-emergency.heading': 'Esto no se puede abrir aquí como urgencia',
  'refusal.no-emergency.message':
    'Solo puede el personal clínico, con un paciente cada vez y en una app prevista para ello.',
  'refusal.no-emergency.advice': 'Vuelva a la app y abra la historia como siempre.',
  'refusal.nothing-to-offer.heading': 'No hay nada que pueda dar a esta app',
  'refusal.nothing-to-offer.message': 'La app pide datos que su cuenta no puede dar.',
  'refusal.nothing-to-offer.advice': 'Vuelva a la app, o inicie sesión con otra cuenta.',
};
