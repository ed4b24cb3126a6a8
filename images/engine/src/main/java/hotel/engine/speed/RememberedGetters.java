package hotel.engine.speed;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.ibatis.ognl.ObjectPropertyAccessor;
import org.apache.ibatis.ognl.OgnlContext;
import org.apache.ibatis.ognl.OgnlException;
import org.apache.ibatis.ognl.OgnlRuntime;

/**
 * Remembers which method reads a property that the conditions of a mapped statement ask for.
 *
 * <p>OGNL remembers {@code getName} and {@code isName} of a property {@code name}. The engine's conditions also ask for properties
 * that are named as their methods are, {@code isTenantIdSet}: for these it looks through all methods of the class, each time.
 */
public final class RememberedGetters extends ObjectPropertyAccessor {

    private final ClassValue<Map<String, Optional<Method>>> known = new ClassValue<>() {
        @Override
        protected Map<String, Optional<Method>> computeValue(Class<?> type) {
            return new ConcurrentHashMap<>();
        }
    };

    private RememberedGetters() {}

    /** For all statements of this Java machine; what OGNL reads in another way, maps and lists, it goes on to read so. */
    public static void install() {
        OgnlRuntime.setPropertyAccessor(Object.class, new RememberedGetters());
    }

    @Override
    public Object getPossibleProperty(OgnlContext context, Object target, String name) throws OgnlException {
        var getter = getter(target.getClass(), name);
        if (getter.isEmpty()) {
            return super.getPossibleProperty(context, target, name);
        }
        try {
            return getter.get().invoke(target);
        } catch (InvocationTargetException failed) {
            throw new OgnlException(name, failed.getTargetException());
        } catch (IllegalAccessException refused) {
            throw new OgnlException(name, refused);
        }
    }

    /** The names are those of the mappings, so there are so many and no more. */
    private Optional<Method> getter(Class<?> type, String name) {
        var getters = known.get(type);
        var getter = getters.get(name);
        if (getter == null) {
            getter = find(type, name);
            getters.put(name, getter);
        }
        return getter;
    }

    /** As OGNL finds it; none, where calling it takes more than a public method. */
    private static Optional<Method> find(Class<?> type, String name) {
        var found = OgnlRuntime.getGetMethod(type, name);
        if (found == null) {
            found = OgnlRuntime.getReadMethod(type, name, null);
        }
        return Optional.ofNullable(found).filter(method -> Modifier.isPublic(method.getModifiers())
                && Modifier.isPublic(method.getDeclaringClass().getModifiers()) && method.getParameterCount() == 0);
    }
}
