// relabel answers what Prometheus' own relabeling does: one JSON value a line in, one a line out.
//
// A request is either a list of configurations with labels, or a pattern with a text and a template.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
	"go.yaml.in/yaml/v3"
)

type request struct {
	// Relabeling, as it stands in Prometheus' configuration.
	Configs []json.RawMessage `json:"configs"`
	Labels  map[string]string `json:"labels"`
	Legacy  bool              `json:"legacy"`

	// A pattern, put between anchors, and what a template makes of its match.
	Pattern  *string `json:"pattern"`
	Text     string  `json:"text"`
	Template string  `json:"template"`
}

type answer struct {
	// Index of the first configuration that is refused.
	Refused *int              `json:"refused,omitempty"`
	Kept    bool              `json:"kept,omitempty"`
	Labels  map[string]string `json:"labels,omitempty"`

	Invalid  bool      `json:"invalid,omitempty"`
	Groups   []*string `json:"groups,omitempty"`
	Expanded string    `json:"expanded,omitempty"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for in.Scan() {
		var asked request
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			fail(err)
		}
		if err := encoder.Encode(reply(asked)); err != nil {
			fail(err)
		}
	}
	if err := in.Err(); err != nil {
		fail(err)
	}
	if err := out.Flush(); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func reply(asked request) answer {
	if asked.Pattern != nil {
		return match(*asked.Pattern, asked.Text, asked.Template)
	}
	scheme := model.UTF8Validation
	if asked.Legacy {
		scheme = model.LegacyValidation
	}
	configs := make([]*relabel.Config, 0, len(asked.Configs))
	for index, raw := range asked.Configs {
		config := &relabel.Config{}
		// JSON is YAML; only this way of reading knows the defaults.
		if err := yaml.Unmarshal(raw, config); err != nil || config.Validate(scheme) != nil {
			return answer{Refused: &index}
		}
		configs = append(configs, config)
	}
	builder := labels.NewBuilder(labels.FromMap(asked.Labels))
	if !relabel.ProcessBuilder(builder, configs...) {
		return answer{}
	}
	return answer{Kept: true, Labels: builder.Labels().Map()}
}

func match(pattern, text, template string) answer {
	regexp, err := relabel.NewRegexp(pattern)
	if err != nil {
		return answer{Invalid: true}
	}
	places := regexp.FindStringSubmatchIndex(text)
	if places == nil {
		return answer{}
	}
	groups := make([]*string, 0, len(places)/2)
	for place := 0; place < len(places); place += 2 {
		if places[place] < 0 {
			groups = append(groups, nil)
			continue
		}
		group := text[places[place]:places[place+1]]
		groups = append(groups, &group)
	}
	return answer{Groups: groups, Expanded: string(regexp.ExpandString(nil, template, text, places))}
}
