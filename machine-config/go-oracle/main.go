// Answers questions about machine configs as the public machinery module does: one JSON object a line, in and out.
package main

import (
	"encoding/json"
	"os"
	"time"

	clientconfig "github.com/siderolabs/talos/pkg/machinery/client/config"
	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	"github.com/siderolabs/talos/pkg/machinery/config/configpatcher"
	"github.com/siderolabs/talos/pkg/machinery/config/encoder"
	"github.com/siderolabs/talos/pkg/machinery/config/generate"
	"github.com/siderolabs/talos/pkg/machinery/config/generate/secrets"
	"github.com/siderolabs/talos/pkg/machinery/config/machine"
	"go.yaml.in/yaml/v4"
)

type metal struct{}

func (metal) String() string        { return "metal" }
func (metal) RequiresInstall() bool { return true }
func (metal) InContainer() bool     { return false }

type request struct {
	Text, Secrets, Client string
	Patches               []string
	Worker                bool
}

type answer struct{ Text, Error, Invalid string }

func load(r request) (configpatcher.Input, error) {
	if r.Secrets == "" {
		return configpatcher.WithBytes([]byte(r.Text)), nil
	}
	bundle := &secrets.Bundle{Clock: secrets.NewFixedClock(time.Now())}
	if err := yaml.Unmarshal([]byte(r.Secrets), bundle); err != nil {
		return nil, err
	}
	if err := bundle.Validate(); err != nil {
		return nil, err
	}
	in, err := generate.NewInput("base", "https://10.0.0.1:6443", "1.36.0",
		generate.WithSecretsBundle(bundle), generate.WithInstallDisk("/dev/sda"), generate.WithInstallImage("example.org/installer:v1"),
		generate.WithAdditionalSubjectAltNames([]string{"a.example"}), generate.WithAllowSchedulingOnControlPlanes(true))
	if err != nil {
		return nil, err
	}
	t := machine.TypeControlPlane
	if r.Worker {
		t = machine.TypeWorker
	}
	cfg, err := in.Config(t)
	if err != nil {
		return nil, err
	}
	return configpatcher.WithConfig(cfg), nil
}

func answerTo(r request) (a answer) {
	fail := func(err error) answer { return answer{Error: err.Error()} }
	if r.Client != "" {
		c, err := clientconfig.FromString(r.Client)
		if err != nil {
			return fail(err)
		}
		b, err := c.Bytes()
		if err != nil {
			return fail(err)
		}
		return answer{Text: string(b)}
	}
	in, err := load(r)
	if err != nil {
		return fail(err)
	}
	patches := []configpatcher.Patch{}
	for _, text := range r.Patches {
		p, err := configpatcher.LoadPatch([]byte(text))
		if err != nil {
			return fail(err)
		}
		patches = append(patches, p)
	}
	out, err := configpatcher.Apply(in, patches)
	if err != nil {
		return fail(err)
	}
	raw, err := out.Bytes()
	if err != nil {
		return fail(err)
	}
	cfg, err := configloader.NewFromBytes(raw)
	if err != nil {
		return fail(err)
	}
	encoded, err := cfg.EncodeBytes(encoder.WithComments(encoder.CommentsDisabled))
	if err != nil {
		return fail(err)
	}
	a.Text = string(encoded)
	if _, err = cfg.Validate(metal{}); err != nil {
		a.Invalid = err.Error()
	}
	return a
}

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var r request
		if in.Decode(&r) != nil {
			return
		}
		out.Encode(answerTo(r))
	}
}
