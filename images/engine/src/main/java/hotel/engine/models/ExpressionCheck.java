package hotel.engine.models;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.joda.time.DateTime;
import org.operaton.bpm.engine.delegate.DelegateExecution;
import org.operaton.bpm.engine.delegate.DelegateTask;
import org.operaton.bpm.engine.externaltask.ExternalTask;
import org.operaton.bpm.impl.juel.AstBracket;
import org.operaton.bpm.impl.juel.AstDot;
import org.operaton.bpm.impl.juel.AstFunction;
import org.operaton.bpm.impl.juel.AstIdentifier;
import org.operaton.bpm.impl.juel.AstMethod;
import org.operaton.bpm.impl.juel.AstProperty;
import org.operaton.bpm.impl.juel.AstString;
import org.operaton.bpm.impl.juel.Builder;
import org.operaton.bpm.impl.juel.Node;
import org.operaton.bpm.impl.juel.TreeBuilderException;

/**
 * Reads an expression as it is deployed and finds what it may not do.
 *
 * <p>Types are followed as far as they are known: from the execution, the task and texts. Of a variable, whose type is
 * not known before, any property may be named and every method that some type allows; the evaluation checks them again.
 */
class ExpressionCheck {

    private static final Map<String, Class<?>> ROOTS = Map.of("execution", DelegateExecution.class,
            "task", DelegateTask.class, "externalTask", ExternalTask.class);
    private static final Map<String, Class<?>> FUNCTIONS = Map.of("now", java.util.Date.class,
            "dateTime", DateTime.class, "currentUser", String.class, "currentUserGroups", List.class);
    /** By these a value leads to its class, and a class to everything. */
    private static final Set<String> NO_PROPERTIES = Set.of("class", "classLoader", "declaringClass");

    private final ModelSettings settings;
    private final Builder builder = new Builder(Builder.Feature.METHOD_INVOCATIONS);

    ExpressionCheck(ModelSettings settings) {
        this.settings = settings;
    }

    static boolean isExpression(String text) {
        return text.contains("${") || text.contains("#{");
    }

    /** Returns why an expression is refused, and nothing if it may be deployed. */
    Optional<String> fault(String text) {
        if (!isExpression(text) || settings.isOpen(Opening.METHODS)) {
            return Optional.empty();
        }
        try {
            var faults = new ArrayList<String>();
            typeOf(builder.build(text).getRoot(), faults);
            return faults.stream().findFirst();
        } catch (TreeBuilderException unreadable) {
            return Optional.of("it cannot be read (" + unreadable.getMessage() + ")");
        }
    }

    /** Returns the type of a node's value, null where it is not known, and notes the faults of all its parts. */
    private Class<?> typeOf(Node node, List<String> faults) {
        if (node instanceof AstMethod) {
            return typeOfCall(node, faults);
        }
        if (node instanceof AstProperty property) {
            return typeOfProperty(property, faults);
        }
        if (node instanceof AstFunction function) {
            typesOfChildren(node, faults);
            if (!FUNCTIONS.containsKey(function.getName())) {
                faults.add("there is no function '" + function.getName() + "'");
            }
            return FUNCTIONS.get(function.getName());
        }
        if (node instanceof AstIdentifier identifier) {
            return ROOTS.get(identifier.getName());
        }
        typesOfChildren(node, faults);
        return node instanceof AstString ? String.class : null;
    }

    private void typesOfChildren(Node node, List<String> faults) {
        IntStream.range(0, node.getCardinality()).forEach(at -> typeOf(node.getChild(at), faults));
    }

    private Class<?> typeOfCall(Node call, List<String> faults) {
        var property = call.getChild(0);
        var base = property.getChild(0);
        var baseType = typeOf(base, faults);
        typesOfChildren(call.getChild(1), faults);
        var name = nameOf(property);
        if (isNamedBean(base)) {
            return null;
        }
        if (name == null) {
            faults.add("it computes the name of a method");
            return null;
        }
        if (baseType == null || !Members.isKnown(baseType)) {
            if (!Members.isNameOfMethod(name)) {
                faults.add("it may not call the method '" + name + "'");
            }
            return null;
        }
        var methods = Members.methods(baseType, name);
        if (methods.isEmpty()) {
            faults.add("it may not call the method '" + name + "' of a " + baseType.getSimpleName());
            return null;
        }
        return methods.get(0).getReturnType();
    }

    private Class<?> typeOfProperty(AstProperty property, List<String> faults) {
        var base = property.getChild(0);
        var baseType = typeOf(base, faults);
        if (property instanceof AstBracket) {
            typeOf(property.getChild(1), faults);
        }
        var name = nameOf(property);
        if (isNamedBean(base) || name == null) {
            return null;
        }
        if (NO_PROPERTIES.contains(name)) {
            faults.add("it may not read the property '" + name + "'");
            return null;
        }
        if (baseType != null && (ROOTS.containsValue(baseType) || baseType == String.class)) {
            var getters = Members.getters(baseType, name);
            if (getters.isEmpty()) {
                faults.add("it may not read the property '" + name + "' of a " + baseType.getSimpleName());
                return null;
            }
            return getters.get(0).getReturnType();
        }
        return null;
    }

    /** Returns the name of a property or method; null if it is computed. */
    private static String nameOf(Node property) {
        if (property instanceof AstDot) {
            // It shows itself as a dot, a space and the name.
            return property.toString().substring(1).strip();
        }
        var name = property.getChild(1);
        return name instanceof AstString literal ? (String) literal.eval(null, null) : null;
    }

    private boolean isNamedBean(Node base) {
        return base instanceof AstIdentifier identifier && settings.beans().contains(identifier.getName());
    }
}
