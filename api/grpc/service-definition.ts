// Protobuf-ES describes services, grpc-js serves and calls them: this is all that lies between.
import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import type { MethodDefinition } from "@grpc/grpc-js";

/** Each method of a service as grpc-js wants it. What is sent may be a plain object; what is received is a message. */
type ServiceDefinitionOf<Methods extends GenServiceMethods> = {
  readonly [Name in keyof Methods]: MethodDefinition<
    MessageInitShape<Methods[Name]["input"]>,
    MessageShape<Methods[Name]["output"]>
  >;
};

export function serviceDefinition<Methods extends GenServiceMethods>(
  service: GenService<Methods>,
): ServiceDefinitionOf<Methods> {
  const methods: Record<string, unknown> = {};
  for (const [name, method] of Object.entries<DescMethod>(service.method))
    methods[name] = methodDefinition(method);
  return methods as ServiceDefinitionOf<Methods>;
}

/** What travels: a message when it comes in, and anything `create` makes a message of when it goes out. */
export type Payload = MessageInitShape<DescMessage>;

export function methodDefinition({
  parent,
  name,
  methodKind,
  input,
  output,
}: DescMethod): MethodDefinition<Payload, Payload> {
  const request = codec(input);
  const response = codec(output);
  return {
    path: `/${parent.typeName}/${name}`,
    requestStream: methodKind === "client_streaming" || methodKind === "bidi_streaming",
    responseStream: methodKind === "server_streaming" || methodKind === "bidi_streaming",
    requestSerialize: request.serialize,
    requestDeserialize: request.deserialize,
    responseSerialize: response.serialize,
    responseDeserialize: response.deserialize,
  };
}

const codec = <Schema extends DescMessage>(schema: Schema) => ({
  serialize: (message: MessageInitShape<Schema>): Buffer =>
    inBuffer(toBinary(schema, create(schema, message))),
  deserialize: (bytes: Buffer): MessageShape<Schema> => fromBinary(schema, bytes),
});

/** A call whose messages nobody decodes. On the wire a call of any kind is a stream both ways. */
export const bytesDefinition = (path: string): MethodDefinition<Payload, Payload> => ({
  path,
  requestStream: true,
  responseStream: true,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
});

// grpc-js wants Node's own kind of bytes.
const asIs = (bytes: unknown) => inBuffer(bytes as Uint8Array) as Buffer & Payload;

const inBuffer = ({ buffer, byteOffset, length }: Uint8Array) => Buffer.from(buffer, byteOffset, length);
