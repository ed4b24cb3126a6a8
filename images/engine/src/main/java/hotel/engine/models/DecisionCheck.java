package hotel.engine.models;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import org.operaton.bpm.model.xml.instance.DomElement;

/** Finds what a DMN model may not hold: words that are not listed, languages but FEEL and JUEL, unsafe expressions. */
class DecisionCheck {

    private static final Pattern NAMESPACE = Pattern.compile("https?://www\\.omg\\.org/spec/DMN/.*");
    private static final Pattern LANGUAGE = Pattern.compile("(?i)feel|juel|https?://www\\.omg\\.org/spec/(FEEL/.*|DMN/.*/FEEL/?)");
    private static final Pattern FOREIGN_CODE = Pattern.compile("\\bexternal\\b");
    private static final Set<String> LANGUAGES = Set.of("expressionLanguage", "typeLanguage");
    private static final Map<String, String> REFUSED = Map.of("functionDefinition", "Functions", "context", "Contexts",
            "invocation", "Invocations", "relation", "Relations", "list", "Lists", "import", "Imports");

    private final ExpressionCheck expressions;
    private final BiConsumer<String, String> refuse;

    /**
     * @param refuse takes a fault and the id of the element that has it
     */
    DecisionCheck(ModelSettings settings, BiConsumer<String, String> refuse) {
        this.expressions = new ExpressionCheck(settings);
        this.refuse = refuse;
    }

    void check(DomElement root) {
        check(root, false, "");
    }

    private void check(DomElement element, boolean inExtension, String idAround) {
        var uri = element.getNamespaceURI() == null ? "" : element.getNamespaceURI();
        var ownId = element.getAttribute("id");
        var id = ownId == null || ownId.isEmpty() ? idAround : ownId;
        if (ModelWords.DRAWING.contains(uri) || inExtension) {
            return;
        }
        var name = element.getLocalName();
        if (!NAMESPACE.matcher(uri).matches() || !ModelWords.DECISION_ELEMENTS.contains(name)) {
            refuse.accept((REFUSED.containsKey(name) ? REFUSED.get(name) + " are" : "The element '" + name + "' is")
                    + " not among what this engine's decisions may hold: use decision tables and literal expressions",
                    id);
            return;
        }
        faultOfLanguage(element).or(() -> faultOfText(element)).ifPresent(fault -> refuse.accept(fault, id));
        element.getChildElements().forEach(child -> check(child, name.equals("extensionElements"), id));
    }

    private static Optional<String> faultOfLanguage(DomElement element) {
        return LANGUAGES.stream().map(element::getAttribute)
                .filter(language -> language != null && !language.isEmpty() && !LANGUAGE.matcher(language).matches())
                .findFirst()
                .map(language -> "This engine runs no scripts (" + language + "): write the decision in FEEL or JUEL");
    }

    private Optional<String> faultOfText(DomElement element) {
        var text = element.getLocalName().equals("text") ? element.getTextContent().strip() : "";
        if (FOREIGN_CODE.matcher(text).find() && text.contains("function")) {
            return Optional.of("Functions of other languages are not run here: write the decision in FEEL or JUEL");
        }
        return expressions.fault(text).map(fault -> "The expression " + text + " is refused, as " + fault
                + ": use the decision's inputs, or see ENGINE_MODELS_ALLOW in the engine's documentation");
    }
}
