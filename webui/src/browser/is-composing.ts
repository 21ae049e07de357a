/** Whether a key belongs to an input method that is composing. Safari reports the Enter that ends it with 229. */
export const isComposing = ({ isComposing: isOpen, keyCode }: KeyboardEvent): boolean => isOpen || keyCode === 229;
