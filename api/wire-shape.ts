import { type DescField, type DescFile, type DescMessage, ScalarType } from "@bufbuild/protobuf";

/** Everything of a file that the wire can tell apart, a line each: two files with the same lines understand each other. */
export function wireShape({ services, messages, enums }: DescFile): string[] {
  return [
    ...services.flatMap(({ typeName, methods }) =>
      methods.map(
        ({ name, input, output, methodKind: kind }) =>
          `rpc ${typeName}.${name} ` +
          `${kind === "client_streaming" || kind === "bidi_streaming" ? "stream " : ""}${input.typeName} -> ` +
          `${kind === "server_streaming" || kind === "bidi_streaming" ? "stream " : ""}${output.typeName}`,
      ),
    ),
    ...messages.flatMap(messageShape),
    ...enums.flatMap(enumShape),
  ];
}

const messageShape = ({ typeName, fields, nestedMessages, nestedEnums }: DescMessage): string[] => [
  `message ${typeName}`,
  ...fields.map((field) => `field ${typeName}.${field.name} ${field.number} ${fieldShape(field)}`),
  ...nestedMessages.filter((message) => !isMapEntry(message)).flatMap(messageShape),
  ...nestedEnums.flatMap(enumShape),
];

const enumShape = ({ typeName, values }: DescFile["enums"][number]): string[] =>
  values.map(({ name, number }) => `value ${typeName}.${name} ${number}`);

const isMapEntry = ({ proto }: DescMessage) => proto.options?.mapEntry === true;

function fieldShape(field: DescField): string {
  if (field.fieldKind === "map") {
    return `map ${scalarName(field.mapKey)} ${elementShape(field.mapKind, field)}`;
  }
  if (field.fieldKind === "list") return `repeated ${elementShape(field.listKind, field)}`;
  const element = elementShape(field.fieldKind, field);
  if (field.oneof) return `oneof ${field.oneof.name} ${element}`;
  return field.fieldKind !== "message" && field.proto.proto3Optional ? `optional ${element}` : element;
}

function elementShape(
  kind: "scalar" | "enum" | "message",
  { scalar, enum: enumeration, message }: DescField,
) {
  if (kind === "message") return message!.typeName;
  return kind === "enum" ? enumeration!.typeName : scalarName(scalar!);
}

const scalarName = (scalar: ScalarType) => ScalarType[scalar].toLowerCase();
