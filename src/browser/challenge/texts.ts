/** What the visible step says, in seven languages. */

export interface StepTexts {
  readonly title: string;
  /** `{name}` is the provider's. */
  readonly why: string;
  readonly loading: string;
  readonly failed: string;
  readonly other: string;
  readonly working: string;
  readonly again: string;
  readonly cancel: string;
}

export const STEP_TEXTS = {
  en: {
    title: 'One more step',
    why: 'Before this goes on, a short check by {name} is needed.',
    loading: 'The check is loading …',
    failed: 'The check cannot be loaded. The connection or a blocker may be in its way.',
    other: 'Another way: let this device calculate for a moment',
    working: 'This device is calculating. There is nothing for you to do.',
    again: 'That did not work. Please try again.',
    cancel: 'Cancel',
  },
  de: {
    title: 'Noch ein Schritt',
    why: 'Bevor es weitergeht, ist eine kurze Prüfung durch {name} nötig.',
    loading: 'Die Prüfung wird geladen …',
    failed: 'Die Prüfung lässt sich nicht laden. Vielleicht steht ihr die Verbindung oder ein Blocker im Weg.',
    other: 'Anderer Weg: dieses Gerät einen Moment rechnen lassen',
    working: 'Dieses Gerät rechnet. Sie brauchen nichts zu tun.',
    again: 'Das hat nicht geklappt. Bitte noch einmal versuchen.',
    cancel: 'Abbrechen',
  },
  fr: {
    title: 'Encore une étape',
    why: 'Avant de continuer, une courte vérification par {name} est nécessaire.',
    loading: 'La vérification se charge…',
    failed: 'La vérification ne peut pas être chargée. La connexion ou un bloqueur l’en empêche peut-être.',
    other: 'Autre possibilité : laisser cet appareil calculer un instant',
    working: 'Cet appareil calcule. Vous n’avez rien à faire.',
    again: 'Cela n’a pas fonctionné. Veuillez réessayer.',
    cancel: 'Annuler',
  },
  es: {
    title: 'Un paso más',
    why: 'Antes de continuar, hace falta una breve comprobación de {name}.',
    loading: 'La comprobación se está cargando…',
    failed: 'No se puede cargar la comprobación. Puede que la conexión o un bloqueador lo impida.',
    other: 'Otra opción: dejar que este dispositivo calcule un momento',
    working: 'Este dispositivo está calculando. No tiene que hacer nada.',
    again: 'No ha funcionado. Vuelva a intentarlo.',
    cancel: 'Cancelar',
  },
  zh: {
    title: '还差一步',
    why: '继续之前，需要通过 {name} 进行一次简短的验证。',
    loading: '正在加载验证…',
    failed: '无法加载验证，可能是网络连接或拦截插件造成的。',
    other: '换一种方式：让此设备计算片刻',
    working: '此设备正在计算，您无需进行任何操作。',
    again: '未能成功，请重试。',
    cancel: '取消',
  },
  ja: {
    title: 'あと一歩です',
    why: '続ける前に、{name} による簡単な確認が必要です。',
    loading: '確認を読み込んでいます…',
    failed: '確認を読み込めません。接続やブロッカーが原因かもしれません。',
    other: '別の方法：この端末に少しの間計算させる',
    working: 'この端末で計算しています。操作は必要ありません。',
    again: 'うまくいきませんでした。もう一度お試しください。',
    cancel: 'キャンセル',
  },
  ar: {
    title: 'خطوة أخرى',
    why: 'قبل المتابعة، يلزم تحقق قصير عبر {name}.',
    loading: 'جارٍ تحميل التحقق…',
    failed: 'تعذّر تحميل التحقق. ربما يعيقه الاتصال أو أداة حجب.',
    other: 'طريقة أخرى: دع هذا الجهاز يحسب لحظة',
    working: 'هذا الجهاز يجري الحساب. ليس عليك فعل أي شيء.',
    again: 'لم ينجح ذلك. يرجى المحاولة مرة أخرى.',
    cancel: 'إلغاء',
  },
} as const satisfies Readonly<Record<string, StepTexts>>;

export type StepLanguage = keyof typeof STEP_TEXTS;

/** The first of a browser's languages that there are texts in; English otherwise. */
export function stepLanguage(wanted: readonly string[]): StepLanguage {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split('-')[0] ?? '';
    if (isLanguage(language)) return language;
  }
  return 'en';
}

const isLanguage = (text: string): text is StepLanguage => Object.hasOwn(STEP_TEXTS, text);
