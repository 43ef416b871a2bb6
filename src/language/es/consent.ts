import type { consent as english } from '../en/consent.ts';
import type { Translated } from '../messages.ts';

export const consent: Translated<typeof english> = {
  'consent.title': 'Dar acceso',
  'consent.heading': '¿Deja que <bdi>{app}</bdi> vea datos de salud?',
  'consent.from': 'De dónde salen',
  'consent.what': 'Lo que se daría',
  'consent.choose': 'Marque lo que quiere dar. Lo que no marque no se da.',
  'consent.always': 'Se da siempre que usted dé acceso',
  'consent.how-long': 'Cuánto dura el acceso',
  'consent.durations': 'La app puede seguir con acceso',
  'consent.away': 'La app puede usar este acceso también cuando usted no la usa.',
  'consent.away-if': 'Si marca «{label}», la app puede usar este acceso también cuando usted no la usa.',
  'consent.stop': 'Puede parar este acceso cuando quiera: inicie sesión en <ltr>{address}</ltr>.',
  'consent.about': 'Sobre esta app',
  'consent.confidential':
    'Cada vez que pide datos, esta app prueba a <bdi>{brand}</bdi> quién es, desde un servidor de su creador.',
  'consent.public':
    'Esta app funciona en un teléfono, un ordenador o un navegador y no puede probar quién es. Dé acceso solo si usted la abrió o se fía de su origen.',
  'consent.allow': 'Dar acceso',
  'consent.tick-one': 'Marque al menos una casilla, o elija Cancelar.',
  'consent.choose-duration': 'Elija cuánto tiempo puede seguir la app con acceso.',

  'scope.write': 'Puede hacer cambios',
  'scope.wildcard': 'Lo abarca todo, ahora y en el futuro',
  'scope.parts': 'Dar solo una parte',
  'scope.parts-hint': 'Para dar solo una parte, quite la marca de «{label}» y marque aquí lo que quiere dar.',

  'group.record': 'De la historia de salud',
  'group.patients': 'De cada paciente que usted puede ver',
  'group.identity': 'Sobre usted',
  'group.context': 'Sobre este uso de la app',
  'group.duration': 'Seguir con acceso',
  'group.hint': 'La app puede ver lo que usted marque.',

  'offer.openid': 'Saber que es usted',
  'offer.openid.detail': 'La app le reconoce cuando usted vuelve.',
  'offer.fhirUser': 'Su papel y su nombre en la historia de salud',
  'offer.profile': 'Su nombre',
  'offer.offline_access': 'Seguir con acceso cuando usted no usa la app',
  'offer.offline_access.detail': 'Sin esto, el acceso se acaba poco después de que cierre la app.',
  'offer.online_access': 'Seguir con acceso hasta que cierre la sesión',
  'offer.online_access.instead': 'En lugar de «{greater}»: para esto, quite esa marca.',
  'offer.special': 'Un permiso especial de esta organización',
  'offer.context': 'Saber qué estaba abierto cuando empezó la app',
  'offer.context.Patient': 'Saber de qué paciente se trata',
  'offer.context.Encounter': 'Saber de qué visita se trata',
  'offer.context.other': 'Saber de qué se trata: {kind}',
  'offer.only': '{kind} (solo {what})',
  'offer.can': 'La app puede {what} estos datos.',
  'verb.see': 'ver',
  'verb.add': 'añadir',
  'verb.change': 'cambiar',
  'verb.delete': 'borrar',

  'access.until': 'El acceso se acaba en {hours, plural, one {una hora} other {# horas}}.',
  'access.until-offline':
    'El acceso se acaba en {hours, plural, one {una hora} other {# horas}} o, si marca «{offline}», cuando pase el tiempo que elija aquí.',
  'access.until-online':
    'El acceso se acaba en {hours, plural, one {una hora} other {# horas}} o, si marca «{online}», cuando cierre la sesión.',
  'access.only-online': 'Si solo marca «{online}», se acaba cuando cierre la sesión.',
  'duration.until-stopped': 'Hasta que yo lo pare',
  'duration.idle': 'Se acaba si la app pasa {days} días sin usarse: hoy eso sería el {date}.',
  'duration.year': 'Un año',
  'duration.days': '{days, plural, one {Un día} other {# días}}',
  'duration.until': 'Hasta el {date}.',
  'duration.earlier': 'Se acaba antes si la app pasa {days} días sin usarse.',
};
