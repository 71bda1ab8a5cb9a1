// Command operator says of monitors what becomes of them in a cluster.
//
// It reads one object a line from standard input, as it would be applied, and answers each with one line:
// {"stored": true, "selected": false, "error": "..."}. An object that the schema of its custom resource definition
// refuses is never stored; of one that is, the Prometheus operator decides whether it is selected. The argument is the
// directory of the definitions.
//
// With the further argument "configuration" it reads {"prometheus": {}, "monitor": {}} in each line, and also answers
// with the scrape_configs that the operator writes for the two.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"

	apijson "k8s.io/apimachinery/pkg/util/json"
)

type answer struct {
	Stored   bool   `json:"stored"`
	Selected bool   `json:"selected"`
	Error    string `json:"error"`
}

func main() {
	if len(os.Args) < 2 {
		log.Fatal("the directory of the custom resource definitions is missing")
	}
	definitions, err := load(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	say, err := mode(os.Args[2:], definitions)
	if err != nil {
		log.Fatal(err)
	}
	if err := answerAll(say); err != nil {
		log.Fatal(err)
	}
}

// What a line is answered with.
type answering func(line []byte) (any, error)

func mode(arguments []string, definitions definitions) (answering, error) {
	if len(arguments) > 0 && arguments[0] == "configuration" {
		configurator, err := newConfigurator(definitions)
		if err != nil {
			return nil, err
		}
		return configurator.answer, nil
	}
	choice, err := newOperator()
	if err != nil {
		return nil, err
	}
	return func(line []byte) (any, error) { return judge(line, definitions, choice) }, nil
}

func answerAll(say answering) error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	answers := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(answers)
	for lines.Scan() {
		said, err := say(lines.Bytes())
		if err != nil {
			return err
		}
		if err := encoder.Encode(said); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return answers.Flush()
}

func judge(line []byte, definitions definitions, choice *operator) (answer, error) {
	var object map[string]any
	// Unlike encoding/json it keeps whole numbers whole, as schemas want them.
	if err := apijson.Unmarshal(line, &object); err != nil {
		return answer{}, err
	}
	kind, _ := object["kind"].(string)
	definition, found := definitions[kind]
	if !found {
		return answer{}, fmt.Errorf("kind %q is not known here", kind)
	}
	if err := definition.admit(object); err != nil {
		return answer{Error: err.Error()}, nil
	}
	stored, err := json.Marshal(object)
	if err != nil {
		return answer{}, err
	}
	refusal, err := choice.refusal(kind, stored)
	if err != nil {
		return answer{}, err
	}
	if refusal != nil {
		return answer{Stored: true, Error: refusal.Error()}, nil
	}
	return answer{Stored: true, Selected: true}, nil
}
