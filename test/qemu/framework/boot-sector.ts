// The smallest system that can be on a disk: it says a sentence on the serial line, then echoes what it hears there,
// until an `r`, by which it restarts the machine.

const code = [
  ...[0xfc], // cld
  // What the firmware still has to say leaves it with the clock's ticks: let it, then speak without being interrupted.
  ...[0xfb, 0xf4, 0xf4, 0xf4, 0xfa], // sti; hlt; hlt; hlt; cli
  ...[0x31, 0xc0, 0x8e, 0xd8], // xor ax, ax; mov ds, ax
  ...[0xbe, 0x2d, 0x7c], // mov si, text
  ...[0xac], // next: lodsb
  ...[0x84, 0xc0, 0x74, 0x06], // test al, al; jz listen
  ...[0xba, 0xf8, 0x03, 0xee], // mov dx, COM1; out dx, al
  ...[0xeb, 0xf5], // jmp next
  ...[0xfb], // sti
  // The firmware reads the serial line and takes it for a keyboard: whoever reads the line itself comes too late.
  ...[0xb4, 0x00, 0xcd, 0x16], // listen: mov ah, 0; int 16h: waits for a key, asleep
  ...[0x3c, 0x72, 0x74, 0x06], // cmp al, 'r'; je restart
  ...[0xba, 0xf8, 0x03, 0xee], // mov dx, COM1; out dx, al
  ...[0xeb, 0xf2], // jmp listen
  ...[0xb0, 0xfe, 0xe6, 0x64], // restart: tell the keyboard controller to pulse the reset line
  ...[0xeb, 0xfe], // jmp to itself
];

export function bootSector(text: string): Uint8Array {
  const sector = Buffer.alloc(512);
  sector.set(code);
  sector.write(`${text}\r\n\0`, code.length, "ascii");
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}
