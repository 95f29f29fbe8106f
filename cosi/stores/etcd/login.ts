import { Metadata } from "@grpc/grpc-js";
import type { CallOptions } from "../../../api/grpc/client.ts";
import { GrpcError } from "../../../api/grpc/error.ts";
import type { Endpoint } from "./endpoints.ts";

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** What goes with every call to say who asks. The token that the password buys is kept until etcd refuses it. */
export class Login {
  readonly #credentials: Credentials | undefined;
  #metadata: Metadata | undefined;
  #loggingIn: Promise<Metadata> | undefined;

  constructor(credentials: Credentials | undefined) {
    this.#credentials = credentials;
  }

  async metadata(endpoint: Endpoint, options: CallOptions): Promise<Metadata> {
    if (this.#metadata) return this.#metadata;
    this.#loggingIn ??= this.#logIn(endpoint, options).finally(() => {
      this.#loggingIn = undefined;
    });
    return (this.#metadata = await this.#loggingIn);
  }

  /** Makes the next call log in anew; false if that is not possible. */
  forget(stale: Metadata): boolean {
    if (this.#metadata === stale) this.#metadata = undefined;
    return this.#credentials !== undefined;
  }

  async #logIn({ auth }: Endpoint, options: CallOptions): Promise<Metadata> {
    const metadata = new Metadata();
    // Makes a member that lost the others end its streams: they would wait without a word.
    metadata.set("hasleader", "true");
    if (!this.#credentials) return metadata;

    const { user, password } = this.#credentials;
    try {
      const { token } = await auth.authenticate({ name: user, password }, { ...options, metadata });
      metadata.set("token", token);
    } catch (error) {
      // etcd asks for no passwords (yet). Once it does, it refuses our calls, and we log in again.
      if (!(error instanceof GrpcError && error.code === "failedPrecondition")) throw error;
    }
    return metadata;
  }
}
