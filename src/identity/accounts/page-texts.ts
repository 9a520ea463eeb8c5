/** What the login page says. */
export interface PageTexts {
  readonly title: string;
  readonly name: string;
  readonly nameOrEmail: string;
  readonly email: string;
  readonly password: string;
  readonly newPassword: string;
  readonly passwordHint: string;
  readonly logIn: string;
  readonly logInWith: string;
  readonly passkey: string;
  readonly code: string;
  readonly codeHint: string;
  readonly confirm: string;
  readonly forgot: string;
  readonly sendLink: string;
  readonly save: string;
  readonly signUp: string;
  readonly back: string;
  readonly needScript: string;
  readonly working: string;
  readonly done: string;
  readonly failed: string;
  readonly wait: string;
  readonly fault: string;
  readonly cookies: string;
  readonly sent: string;
  readonly verifySent: string;
  readonly verified: string;
  readonly linkOver: string;
  readonly saved: string;
  readonly weak: string;
  readonly taken: string;
  readonly badName: string;
  readonly badEmail: string;
  readonly passkeyFailed: string;
}

const en: PageTexts = {
  title: 'Log in',
  name: 'User name',
  nameOrEmail: 'User name or e-mail address',
  email: 'E-mail address',
  password: 'Password',
  newPassword: 'New password',
  passwordHint: 'At least {count} characters. A few words in a row do well.',
  logIn: 'Log in',
  logInWith: 'Log in with {name}',
  passkey: 'Log in with a passkey',
  code: 'Code',
  codeHint: 'Six digits from your app, or one of your backup codes.',
  confirm: 'Confirm',
  forgot: 'Forgot your password?',
  sendLink: 'Send a link',
  save: 'Save the password',
  signUp: 'Create an account',
  back: 'Back to login',
  needScript: 'This page needs JavaScript.',
  working: 'One moment …',
  done: 'You are logged in.',
  failed: 'Name, password or code is not right.',
  wait: 'Too many tries. Try again in {seconds} seconds.',
  fault: 'The login cannot be reached. Try again in a minute.',
  cookies:
    'Your browser keeps no cookies for this site, and nobody can log in without them. Allow them, then load this page again.',
  sent: 'If there is such an account, a link is on its way.',
  verifySent: 'We have sent you a link. Open it to confirm your address, then log in.',
  verified: 'Your address is confirmed. You can log in now.',
  linkOver: 'This link has been used or is too old. Ask for a new one.',
  saved: 'The password is saved. You can log in now.',
  weak: 'This password is too short or too easy to guess.',
  taken: 'This name or address is taken.',
  badName: 'Use 3 to 30 letters a to z, digits, dots, hyphens and underscores.',
  badEmail: 'This is no e-mail address.',
  passkeyFailed: 'The passkey was not taken. Try again, or use your password.',
};

const de: PageTexts = {
  title: 'Anmelden',
  name: 'Benutzername',
  nameOrEmail: 'Benutzername oder E-Mail-Adresse',
  email: 'E-Mail-Adresse',
  password: 'Passwort',
  newPassword: 'Neues Passwort',
  passwordHint: 'Mindestens {count} Zeichen. Ein paar Wörter hintereinander eignen sich gut.',
  logIn: 'Anmelden',
  logInWith: 'Mit {name} anmelden',
  passkey: 'Mit Passkey anmelden',
  code: 'Code',
  codeHint: 'Sechs Ziffern aus deiner App oder einer deiner Ersatzcodes.',
  confirm: 'Bestätigen',
  forgot: 'Passwort vergessen?',
  sendLink: 'Link senden',
  save: 'Passwort speichern',
  signUp: 'Konto anlegen',
  back: 'Zurück zur Anmeldung',
  needScript: 'Diese Seite braucht JavaScript.',
  working: 'Einen Moment …',
  done: 'Du bist angemeldet.',
  failed: 'Name, Passwort oder Code stimmt nicht.',
  wait: 'Zu viele Versuche. Versuch es in {seconds} Sekunden wieder.',
  fault: 'Die Anmeldung ist nicht erreichbar. Versuch es in einer Minute wieder.',
  cookies:
    'Dein Browser speichert für diese Seite keine Cookies, und ohne sie kann sich niemand anmelden. Erlaube sie und lade die Seite dann neu.',
  sent: 'Wenn es ein solches Konto gibt, ist ein Link unterwegs.',
  verifySent: 'Wir haben dir einen Link geschickt. Öffne ihn, um deine Adresse zu bestätigen, und melde dich dann an.',
  verified: 'Deine Adresse ist bestätigt. Du kannst dich jetzt anmelden.',
  linkOver: 'Dieser Link wurde schon benutzt oder ist zu alt. Lass dir einen neuen schicken.',
  saved: 'Das Passwort ist gespeichert. Du kannst dich jetzt anmelden.',
  weak: 'Dieses Passwort ist zu kurz oder zu leicht zu erraten.',
  taken: 'Dieser Name oder diese Adresse ist vergeben.',
  badName: 'Nimm 3 bis 30 Buchstaben a bis z, Ziffern, Punkte, Bindestriche und Unterstriche.',
  badEmail: 'Das ist keine E-Mail-Adresse.',
  passkeyFailed: 'Der Passkey wurde nicht angenommen. Versuch es noch einmal, oder nimm dein Passwort.',
};

const fr: PageTexts = {
  title: 'Connexion',
  name: 'Nom d’utilisateur',
  nameOrEmail: 'Nom d’utilisateur ou adresse e-mail',
  email: 'Adresse e-mail',
  password: 'Mot de passe',
  newPassword: 'Nouveau mot de passe',
  passwordHint: 'Au moins {count} caractères. Quelques mots à la suite conviennent bien.',
  logIn: 'Se connecter',
  logInWith: 'Se connecter avec {name}',
  passkey: 'Se connecter avec une clé d’accès',
  code: 'Code',
  codeHint: 'Six chiffres de votre application, ou l’un de vos codes de secours.',
  confirm: 'Confirmer',
  forgot: 'Mot de passe oublié ?',
  sendLink: 'Envoyer un lien',
  save: 'Enregistrer le mot de passe',
  signUp: 'Créer un compte',
  back: 'Retour à la connexion',
  needScript: 'Cette page a besoin de JavaScript.',
  working: 'Un instant…',
  done: 'Vous êtes connecté.',
  failed: 'Le nom, le mot de passe ou le code est incorrect.',
  wait: 'Trop d’essais. Réessayez dans {seconds} secondes.',
  fault: 'La connexion est injoignable. Réessayez dans une minute.',
  cookies:
    'Votre navigateur ne garde pas de cookies pour ce site, et personne ne peut se connecter sans eux. Autorisez-les, puis rechargez cette page.',
  sent: 'Si ce compte existe, un lien est en route.',
  verifySent: 'Nous vous avons envoyé un lien. Ouvrez-le pour confirmer votre adresse, puis connectez-vous.',
  verified: 'Votre adresse est confirmée. Vous pouvez vous connecter.',
  linkOver: 'Ce lien a déjà servi ou est trop ancien. Demandez-en un nouveau.',
  saved: 'Le mot de passe est enregistré. Vous pouvez vous connecter.',
  weak: 'Ce mot de passe est trop court ou trop facile à deviner.',
  taken: 'Ce nom ou cette adresse est déjà pris.',
  badName: 'Utilisez 3 à 30 lettres de a à z, chiffres, points, tirets et tirets bas.',
  badEmail: 'Ce n’est pas une adresse e-mail.',
  passkeyFailed: 'La clé d’accès n’a pas été acceptée. Réessayez ou utilisez votre mot de passe.',
};

const es: PageTexts = {
  title: 'Iniciar sesión',
  name: 'Nombre de usuario',
  nameOrEmail: 'Nombre de usuario o correo electrónico',
  email: 'Correo electrónico',
  password: 'Contraseña',
  newPassword: 'Contraseña nueva',
  passwordHint: 'Al menos {count} caracteres. Unas cuantas palabras seguidas sirven bien.',
  logIn: 'Iniciar sesión',
  logInWith: 'Iniciar sesión con {name}',
  passkey: 'Iniciar sesión con una llave de acceso',
  code: 'Código',
  codeHint: 'Seis cifras de tu aplicación o uno de tus códigos de reserva.',
  confirm: 'Confirmar',
  forgot: '¿Has olvidado la contraseña?',
  sendLink: 'Enviar un enlace',
  save: 'Guardar la contraseña',
  signUp: 'Crear una cuenta',
  back: 'Volver al inicio de sesión',
  needScript: 'Esta página necesita JavaScript.',
  working: 'Un momento…',
  done: 'Has iniciado sesión.',
  failed: 'El nombre, la contraseña o el código no es correcto.',
  wait: 'Demasiados intentos. Vuelve a intentarlo en {seconds} segundos.',
  fault: 'No se puede iniciar sesión ahora. Vuelve a intentarlo en un minuto.',
  cookies:
    'Tu navegador no guarda cookies de este sitio, y sin ellas nadie puede iniciar sesión. Permítelas y vuelve a cargar esta página.',
  sent: 'Si existe esa cuenta, hay un enlace en camino.',
  verifySent: 'Te hemos enviado un enlace. Ábrelo para confirmar tu correo y luego inicia sesión.',
  verified: 'Tu correo está confirmado. Ya puedes iniciar sesión.',
  linkOver: 'Este enlace ya se ha usado o es demasiado antiguo. Pide uno nuevo.',
  saved: 'La contraseña está guardada. Ya puedes iniciar sesión.',
  weak: 'Esta contraseña es demasiado corta o demasiado fácil de adivinar.',
  taken: 'Ese nombre o correo ya está en uso.',
  badName: 'Usa de 3 a 30 letras de la a a la z, cifras, puntos, guiones y guiones bajos.',
  badEmail: 'Esto no es un correo electrónico.',
  passkeyFailed: 'No se ha aceptado la llave de acceso. Vuelve a intentarlo o usa tu contraseña.',
};

export const PAGE_TEXTS = { en, de, fr, es } as const;

export type PageLanguage = keyof typeof PAGE_TEXTS;

/** The first language of an Accept-Language field (RFC 9110 §12.5.4) that the page speaks, by weight; else English. */
export function languageFor(accept: string): PageLanguage {
  let best: PageLanguage = 'en';
  let weight = 0;
  for (const range of accept.slice(0, 512).split(',')) {
    const [tag = '', ...parameters] = range.trim().toLowerCase().split(';');
    const language = tag.split('-')[0];
    const q = parameters
      .map((each) => /^\s*q=([01](?:\.\d{0,3})?)\s*$/.exec(each)?.[1])
      .find((each) => each !== undefined);
    const value = q === undefined ? 1 : Number(q);
    if ((language === 'en' || language === 'de' || language === 'fr' || language === 'es') && value > weight) {
      best = language;
      weight = value;
    }
  }
  return best;
}
