/** What a controller writes is durable when it goes on: several keys at once share one flush of the disk. */
export const writersAtOnce = 32;
