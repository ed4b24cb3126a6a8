package hotel.engine.models;

import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.operaton.bpm.engine.impl.util.xml.Element;

/**
 * Finds what a BPMN model may not hold, in the tree that the engine itself works on.
 *
 * <p>Elements, the engine's attributes and expressions are looked up in lists of what is allowed.
 */
class ProcessCheck {

    private static final String NO_SCRIPTS =
            "This engine runs no scripts: use an expression, or an external task and a worker";
    private static final Map<String, String> REFUSED_ELEMENTS = Map.of("scriptTask", NO_SCRIPTS, "script", NO_SCRIPTS,
            "connector", "This engine has no connectors: use an external task and a worker");
    private static final Map<String, String> REFUSED_ATTRIBUTES = Map.of("resource", NO_SCRIPTS,
            "scriptFormat", NO_SCRIPTS);
    private static final String CLASS_REMEDY =
            "use an external task and a worker, or name the class in ENGINE_MODELS_CLASSES";
    private static final String BEAN_REMEDY =
            "use an external task and a worker, or name the bean in ENGINE_MODELS_BEANS and write ${name}";

    private final ModelSettings settings;
    private final ExpressionCheck expressions;
    private final BiConsumer<String, Located> refuse;

    /** An element, and the id of the nearest element around it that has one. */
    record Located(Element element, String id) {}

    ProcessCheck(ModelSettings settings, BiConsumer<String, Located> refuse) {
        this.settings = settings;
        this.expressions = new ExpressionCheck(settings);
        this.refuse = refuse;
    }

    void check(Element root) {
        check(root, null, "");
    }

    private void check(Element element, Element parent, String idAround) {
        var uri = element.getUri() == null ? "" : element.getUri();
        var id = element.attribute("id") == null ? idAround : element.attribute("id");
        var here = new Located(element, id);
        if (ModelWords.DRAWING.contains(uri) || isOfAnotherTool(element, uri, parent)) {
            return;
        }
        var known = uri.equals(ModelWords.BPMN) && ModelWords.BPMN_ELEMENTS.contains(element.getTagName())
                || ModelWords.EXTENSIONS.contains(uri) && ModelWords.EXTENSION_ELEMENTS.contains(element.getTagName());
        if (!known) {
            refuse.accept(REFUSED_ELEMENTS.getOrDefault(element.getTagName(), "The element '" + element.getTagName()
                    + "' is none of those that this engine's models may hold: remove it"), here);
            return;
        }
        checkAttributes(element, uri, here);
        checkText(element, here);
        element.elements().forEach(child -> check(child, element, id));
    }

    /** What modelling tools keep for themselves; the engine finds some of its own words there in any namespace. */
    private static boolean isOfAnotherTool(Element element, String uri, Element parent) {
        return parent != null && parent.getTagName().equals("extensionElements")
                && !uri.equals(ModelWords.BPMN) && !ModelWords.EXTENSIONS.contains(uri)
                && !REFUSED_ELEMENTS.containsKey(element.getTagName())
                && !ModelWords.BPMN_ELEMENTS.contains(element.getTagName())
                && !ModelWords.EXTENSION_ELEMENTS.contains(element.getTagName());
    }

    private void checkAttributes(Element element, String uri, Located here) {
        var ofExtension = ModelWords.EXTENSIONS.contains(uri);
        for (var key : element.attributes()) {
            var value = element.attribute(key);
            var end = key.lastIndexOf(':');
            var isNamespaced = end >= 0;
            var name = key.substring(end + 1);
            if (isNamespaced && ModelWords.EXTENSIONS.contains(key.substring(0, end)) || !isNamespaced && ofExtension) {
                faultOfAttribute(element, name, value, ofExtension).ifPresent(fault -> refuse.accept(fault, here));
            } else if (!isNamespaced && name.equals("language")) {
                refuse.accept(NO_SCRIPTS, here);
            }
            if (!isNamespaced || ModelWords.EXTENSIONS.contains(key.substring(0, end))) {
                checkExpression(value, "attribute '" + name + "'", here);
            }
        }
    }

    private Optional<String> faultOfAttribute(Element element, String name, String value, boolean ofExtension) {
        return switch (name) {
            case "class", "formHandlerClass", "variableMappingClass" -> settings.isNamed(value)
                    ? Optional.empty()
                    : Optional.of("Models may not name the class '" + value + "': " + CLASS_REMEDY);
            case "delegateExpression", "variableMappingDelegateExpression" -> isNamedBean(value)
                    ? Optional.empty()
                    : Optional.of("Models may not delegate to '" + value + "': " + BEAN_REMEDY);
            case "type" -> ofExtension ? Optional.empty() : faultOfType(value);
            case "formKey" -> faultOfForm(value);
            case "config" -> "validator".equals(element.attribute("name")) && !settings.isNamed(value)
                    && !isNamedBean(value)
                    ? Optional.of("Models may not validate by '" + value + "': " + CLASS_REMEDY)
                    : Optional.empty();
            case "caseRef", "caseBinding", "caseTenantId", "caseVersion" -> settings.isOpen(Opening.CASES)
                    ? Optional.empty()
                    : Optional.of("This engine runs no cases: call a process, or set ENGINE_MODELS_ALLOW=cases");
            default -> ModelWords.EXTENSION_ATTRIBUTES.contains(name)
                    ? Optional.empty()
                    : Optional.of(REFUSED_ATTRIBUTES.getOrDefault(name, "The attribute '" + name
                            + "' is none of those that this engine's models may hold: remove it"));
        };
    }

    private Optional<String> faultOfType(String value) {
        if (value.equalsIgnoreCase("external")
                || value.equalsIgnoreCase("shell") && settings.isOpen(Opening.SHELL)) {
            return Optional.empty();
        }
        var remedy = value.equalsIgnoreCase("shell") ? ", or set ENGINE_MODELS_ALLOW=shell" : "";
        return Optional.of("Tasks of the type '" + value + "' are not run here: use camunda:type=\"external\" and a "
                + "worker" + remedy);
    }

    /** Forms whose pages and scripts would run in Tasklist with the rights of the one who opens them. */
    private Optional<String> faultOfForm(String value) {
        var plain = value.startsWith("camunda-forms:") || value.startsWith("operaton-forms:")
                || value.matches("[A-Za-z0-9._/-]*") && !value.startsWith("/");
        return plain || settings.isOpen(Opening.FORMS)
                ? Optional.empty()
                : Optional.of("The form '" + value + "' could run scripts in Tasklist: use form fields, formRef or "
                        + "camunda-forms:…, or set ENGINE_MODELS_ALLOW=forms");
    }

    private boolean isNamedBean(String expression) {
        return settings.beans().stream().anyMatch(bean ->
                expression.equals("${" + bean + "}") || expression.equals("#{" + bean + "}"));
    }

    private void checkText(Element element, Located here) {
        // Notes in the drawing are not evaluated.
        if (!element.getTagName().equals("text")) {
            checkExpression(element.getText(), "text of '" + element.getTagName() + "'", here);
        }
    }

    private void checkExpression(String text, String place, Located here) {
        expressions.fault(text.strip()).ifPresent(fault -> refuse.accept("The expression " + text.strip() + " in the "
                + place + " is refused, as " + fault + ": use variables, compute it in a worker, or see "
                + "ENGINE_MODELS_ALLOW in the engine's documentation", here));
    }
}
