import type { myApps as english } from '../en/my-apps.ts';
import type { Translated } from '../messages.ts';

export const myApps: Translated<typeof english> = {
  'my-apps.title': 'Apps que pueden usar datos de salud',
  'my-apps.none':
    'Ahora ninguna app puede usar datos de salud con su cuenta. Cuando usted dé acceso a una, saldrá aquí.',
  'my-apps.lead':
    'Usted dio acceso a estas apps. Si para una, ya no puede leer nada más de aquí. Lo que leyó antes se queda en ella.',
  'my-apps.from': 'De dónde salen',
  'my-apps.allowed-on': 'Acceso desde',
  'my-apps.ends': 'Se acaba',
  'my-apps.last-used': 'Último uso',
  'my-apps.can-write': 'Puede hacer cambios en los datos.',
  'my-apps.always': 'Tiene acceso también cuando usted no la usa.',
  'my-apps.may': 'Lo que puede ver',
  'my-apps.may-nothing': 'Ningún dato de salud. Solo sabe quién es usted.',
  'my-apps.used': 'Lo que usó hace poco',
  'my-apps.change': 'Cambiar<hidden> lo que puede hacer <bdi>{app}</bdi></hidden>',
  'my-apps.stop': 'Parar el acceso<hidden> de <bdi>{app}</bdi></hidden>',
  'my-apps.stop-for': 'Parar el acceso<hidden> de <bdi>{app}</bdi>: <bdi>{patient}</bdi></hidden>',
  'my-apps.stop-all': 'Parar todos los accesos',
  'my-apps.signed-in': 'Cuenta en uso: <bdi>{user}</bdi>.',
  'my-apps.stopped': 'Hecho. Ese acceso se ha acabado.',
  'my-apps.changed': 'Guardado. La app solo puede usar lo que usted dejó marcado.',
  'my-apps.expired':
    'Esta página estuvo abierta mucho tiempo. No se ha cambiado nada: mire otra vez y vuelva a elegir.',
  'my-apps.gone': 'Ese acceso ya se había acabado.',
  'my-apps.nameless': 'Un paciente cuyo nombre no se puede mostrar ahora',
  'my-apps.no-server': 'Un sistema de datos de salud que ya no se usa aquí',
  'my-apps.until-both': 'El {end}, y el {idle} si la app no vuelve',
  'my-apps.until-idle': 'El {idle} o más tarde: cada vez que la app vuelve, gana más tiempo',
  'my-apps.until-sign-out': 'Cuando cierre la sesión, y el {date} como muy tarde',
  'my-apps.use-unknown': 'No se sabe.',
  'my-apps.came-back': 'No se sabe. La app volvió por última vez el {date}.',
  'my-apps.was-changed': '{kind} (cambio el {date})',
  'my-apps.was-read': '{kind} (lectura el {date})',
  'my-apps.more': 'y {count} más',

  'my-apps.history': 'Lo que decidió antes',

  'my-history.title': 'Lo que usted decidió',
  'my-history.heading': 'Lo que usted decidió sobre las apps',
  'my-history.none': 'Aún no hay nada anotado. Cuando dé acceso a una app, o se lo niegue, saldrá aquí.',
  'my-history.lead':
    'Cada vez que da, cambia, para o niega un acceso, guardamos una nota firmada. La más nueva va primero.',
  'my-history.granted': 'Usted dio acceso a <bdi>{app}</bdi>',
  'my-history.changed': 'Usted cambió lo que puede hacer <bdi>{app}</bdi>',
  'my-history.stopped': 'Se paró el acceso de <bdi>{app}</bdi>',
  'my-history.refused': 'Usted negó el acceso a <bdi>{app}</bdi>',
  'my-history.withdrawn': 'Usted dio acceso a <bdi>{app}</bdi>, pero no llegó a valer',
  'my-history.on': 'Fecha',
  'my-history.lasting': 'Cuando la app ya no vuelva',
  'my-history.torn':
    'Hay notas que no se pudieron leer y no salen aquí. Pregunte por ellas a la organización.',
  'my-history.about': 'De qué se trataba',
  'my-history.kept': 'Lo que recibió la app',
  'my-history.not-kept': 'Lo que la app no recibió, o ya no tiene',
  'my-history.more': 'Más decisiones',
  'my-history.download': 'Descargar todas las notas',

  'my-app.title': 'Lo que puede hacer una app',
  'my-app.heading': 'Lo que puede hacer <bdi>{app}</bdi>',
  'my-app.lead': 'Con datos de <bdi>{server}</bdi>. Quite la marca de lo que ya no pueda hacer.',
  'my-app.lead-patient':
    'Con los datos de <b><bdi>{patient}</bdi></b>, de <bdi>{server}</bdi>. Quite la marca de lo que ya no pueda hacer.',
  'my-app.save': 'Guardar',
  'my-app.stop': 'Parar todo el acceso de esta app',
  'my-app.back': 'Volver a todas las apps',
  'my-app.nothing-left': 'Marque al menos una clase de datos, o pare todo el acceso de esta app.',
};
