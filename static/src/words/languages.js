/**
 * The languages and their words. The build puts those of translations/ here, for each bundle what
 * it says and no more (static/words.mjs); without a build there is Chinese, as it stands in the code.
 */
export const LANGUAGES = [{ tag: "zh-CN", name: "中文", direction: "ltr", words: {} }];
