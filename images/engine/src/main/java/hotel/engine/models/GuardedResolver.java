package hotel.engine.models;

import jakarta.el.ELContext;
import jakarta.el.ELException;
import jakarta.el.ELResolver;
import jakarta.el.ExpressionFactory;
import jakarta.el.MethodNotFoundException;
import jakarta.el.PropertyNotFoundException;
import java.beans.FeatureDescriptor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.stream.IntStream;

/** Reads properties and calls methods of values, those of {@link Members} alone; stands for the bean resolver. */
class GuardedResolver extends ELResolver {

    private static final String REMEDY =
            ": compute it in a worker and keep it in a variable, or see ENGINE_MODELS_ALLOW in the engine's documentation";

    @Override
    public Object getValue(ELContext context, Object base, Object property) {
        if (base == null || property == null) {
            return null;
        }
        var getter = Members.getters(base.getClass(), property.toString()).stream().findFirst()
                .orElseThrow(() -> new PropertyNotFoundException("an expression may not read the property '" + property
                        + "' of a " + base.getClass().getSimpleName() + REMEDY));
        context.setPropertyResolved(true);
        return call(getter, base);
    }

    @Override
    public Object invoke(ELContext context, Object base, Object name, Class<?>[] types, Object[] parameters) {
        if (base == null || name == null) {
            return null;
        }
        var arguments = parameters == null ? new Object[0] : parameters;
        var method = Members.methods(base.getClass(), name.toString()).stream()
                .filter(each -> each.getParameterCount() == arguments.length)
                .min(Comparator.comparingLong(each -> misfits(each, arguments)))
                .orElseThrow(() -> new MethodNotFoundException("an expression may not call " + name + " with "
                        + arguments.length + " arguments on a " + base.getClass().getSimpleName() + REMEDY));
        context.setPropertyResolved(true);
        return call(method, base, converted(context, method, arguments));
    }

    private static long misfits(Method method, Object[] arguments) {
        var types = method.getParameterTypes();
        return IntStream.range(0, arguments.length)
                .filter(at -> arguments[at] != null && !types[at].isInstance(arguments[at]))
                .count();
    }

    private static Object[] converted(ELContext context, Method method, Object[] arguments) {
        var factory = (ExpressionFactory) context.getContext(ExpressionFactory.class);
        var types = method.getParameterTypes();
        return IntStream.range(0, arguments.length)
                .mapToObj(at -> arguments[at] == null && !types[at].isPrimitive()
                        ? null
                        : factory.coerceToType(arguments[at], types[at]))
                .toArray();
    }

    private static Object call(Method method, Object base, Object... arguments) {
        try {
            return method.invoke(base, arguments);
        } catch (InvocationTargetException failure) {
            throw new ELException(failure.getCause());
        } catch (IllegalAccessException impossible) {
            throw new ELException(impossible);
        }
    }

    @Override
    public boolean isReadOnly(ELContext context, Object base, Object property) {
        return true;
    }

    @Override
    public void setValue(ELContext context, Object base, Object property, Object value) {
        // Nothing is written through a property.
    }

    @Override
    public Class<?> getType(ELContext context, Object base, Object property) {
        return Object.class;
    }

    /** Asked for by design tools alone; Camunda's copy of the API demands it, the newer one has dropped it. */
    public Iterator<FeatureDescriptor> getFeatureDescriptors(ELContext context, Object base) {
        return Collections.emptyIterator();
    }

    @Override
    public Class<?> getCommonPropertyType(ELContext context, Object base) {
        return Object.class;
    }
}
