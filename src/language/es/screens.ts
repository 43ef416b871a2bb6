import type { screens as english } from '../en/screens.ts';
import type { Translated } from '../messages.ts';

export const screens: Translated<typeof english> = {
  'page.error': 'Error: {title}',
  'page.reference': 'Referencia',
  'page.languages': 'Idiomas',
  'page.changed': 'Esta página ha cambiado mientras tanto. Léala otra vez y vuelva a elegir.',
  'page.cancel': 'Cancelar',
  'page.continue': 'Seguir',
  'page.not-you': '¿No es usted <bdi>{user}</bdi>?',
  'page.switch': 'Usar otra cuenta',
  'page.signed-in-as': 'Cuenta en uso',
  'page.records-of': 'Datos de',
  'page.born': 'Nació el {date}',

  'app.would-like': '<b><bdi>{app}</bdi></b> pide ver datos de salud. Inicie sesión para seguir.',
  'app.would-like-host':
    '<b><bdi>{app}</bdi></b> (<ltr>{host}</ltr>) pide ver datos de salud. Inicie sesión para seguir.',
  'app.verified': 'Verificada por <bdi>{brand}</bdi>',
  'app.unverified': 'Sin verificar: <bdi>{brand}</bdi> no ha revisado esta app',

  'home.title': 'Servidor de inicio de sesión',
  'home.heading': 'Aquí se inicia sesión',
  'home.lead':
    'Las apps le traen aquí cuando piden datos de salud de <bdi>{brand}</bdi>. Abra una app para empezar.',
  'home.my-apps': 'Ver qué apps pueden usar sus datos',

  'login.title': 'Iniciar sesión',
  'login.launched': 'Se abrió desde su sistema de salud.',
  'login.username': 'Usuario',
  'login.password': 'Contraseña',
  'login.wrong': 'El usuario o la contraseña no son correctos. Revise los dos y pruebe otra vez.',
  'login.wait':
    'Demasiados intentos. Espere {minutes, plural, one {un minuto} other {# minutos}} y pruebe otra vez.',
  'login.for-my-apps': 'Inicie sesión para ver qué apps pueden usar datos de salud y para pararlas.',

  'login.with': 'Iniciar sesión con <bdi>{provider}</bdi>',
  'login.or': 'O con un nombre de usuario',
  'login.no-passwords': 'Aquí no se puede iniciar sesión con una contraseña. Use uno de los botones.',

  'to-provider.title': 'Pasando a otra página',
  'to-provider.heading': 'Le llevamos a <bdi>{provider}</bdi>…',
  'to-provider.go': 'Seguir a <bdi>{provider}</bdi>',

  'choose-patient.title': 'Elegir paciente',
  'choose-patient.lead':
    '<bdi>{app}</bdi> se abrirá para el paciente que usted elija. Cuenta en uso: <bdi>{user}</bdi>.',
  'choose-patient.search': 'Buscar pacientes por nombre, número o fecha de nacimiento',
  'choose-patient.find': 'Buscar',
  'choose-patient.patients': 'Pacientes',
  'choose-patient.recent': 'Pacientes que eligió hace poco',
  'choose-patient.born-unknown': 'No se sabe cuándo nació',
  'choose-patient.mrn': 'N.º de historia <bdi>{mrn}</bdi>',
  'choose-patient.more': 'Más pacientes',
  'choose-patient.previous': '<hidden>Página </hidden>Anterior',
  'choose-patient.next': '<hidden>Página </hidden>Siguiente',
  'choose-patient.page': 'Página {page}',
  'choose-patient.no-match': 'Ningún paciente coincide con «{query}».',
  'choose-patient.none': 'No hay pacientes.',
  'choose-patient.choose': 'Elija uno de los pacientes.',
  'patient.nameless': 'Paciente {id}',
  'patient.female': 'mujer',
  'patient.male': 'hombre',
  'patient.other': 'otro',

  'choose-encounter.title': 'Elegir una visita',
  'choose-encounter.for': 'De <b><bdi>{patient}</bdi></b>.',
  'choose-encounter.for-born': 'De <b><bdi>{patient}</bdi></b>, que nació el {date}.',
  'choose-encounter.visits': 'Visitas',
  'choose-encounter.nothing': 'No hay visitas que elegir.',
  'choose-encounter.none': 'Este paciente no tiene visitas.',
  'choose-encounter.choose': 'Elija una de las visitas.',

  'handover.title': 'Volviendo a la app',
  'handover.heading': 'Le llevamos de vuelta a <bdi>{app}</bdi>…',
  'handover.lead': 'Si no pasa nada, use el botón.',
  'handover.go': 'Seguir a <bdi>{app}</bdi>',

  'sign-out.title': 'Cerrar sesión',
  'sign-out.heading': '¿Cerrar la sesión?',
  'sign-out.lead': 'Se cerrará su sesión en <bdi>{brand}</bdi>.',
  'sign-out.stay': 'Seguir con la sesión',
  'signed-out.title': 'Sesión cerrada',
  'signed-out.heading': 'La sesión está cerrada',
  'signed-out.message': 'Usted ha cerrado la sesión.',
  'signed-out.shared': 'Si otras personas usan este equipo, cierre también el navegador.',
};
