/** Which tests of the files are run: those whose `suite title` contains the text. */
export const selection = { only: '' };
